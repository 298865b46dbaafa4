#pragma once

#include <map>
#include <memory>
#include <string>

#include "cameras.hpp"

/// HSC and the Rubin cameras by the names that their headers' `instrument` property has; read once.
inline std::map<std::string, std::shared_ptr<almagest::Instrument const>> const& known_cameras() {
  static std::map<std::string, std::shared_ptr<almagest::Instrument const>> const all{
      {"HSC", cameras::load("obs_hsc")},
      {"LSSTCam", cameras::load("obs_lsst/lsstcam")},
      {"LSSTComCam", cameras::load("obs_lsst/comcam")},
      {"LATISS", cameras::load("obs_lsst/latiss")},
      {"LSSTCamSim", cameras::load("obs_lsst/lsstcamsim")},
      {"LSSTComCamSim", cameras::load("obs_lsst/comcamsim")},
      {"LSSTCam-imSim", cameras::load("obs_lsst/imsim")},
      {"LSSTCam-PhoSim", cameras::load("obs_lsst/phosim")},
      {"LSST-TS8", cameras::load("obs_lsst/ts8")}};
  return all;
}

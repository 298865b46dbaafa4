#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "instrument/camera.hpp"
#include "instrument/camera_document.hpp"

/// The cameras of this project's obs packages, and the real data they are held against.
namespace cameras {

namespace fs = std::filesystem;

inline almagest::CameraFile read_file(std::string const& package) {
  fs::path const path = fs::path(ALMAGEST_SOURCE_DIR) / "obs_packages" / package / "camera.toml";
  almagest::Problems problems;
  almagest::CameraFile file = almagest::read_camera(almagest::read_package_toml(path), problems);
  problems.raise();
  return file;
}

/// "obs_hsc", "obs_lsst/lsstcam"
inline std::shared_ptr<almagest::Instrument const> load(std::string const& package) {
  return almagest::declared_instrument(read_file(package),
                                       fs::path(ALMAGEST_SOURCE_DIR) / "obs_packages" / package);
}

/// A file of the test data, or an empty path, said aloud, where there are none.
inline fs::path test_data(std::string const& file) {
  char const* const given = std::getenv("ALMAGEST_TESTDATA");
  fs::path const path =
      (given ? fs::path(given) : fs::path(ALMAGEST_SOURCE_DIR) / "../shared/data") / file;
  std::error_code error;
  if (fs::exists(path, error)) return path;
  char const* const ci = std::getenv("CI");
  CHECK_MESSAGE(!(ci && std::string(ci) == "true"), "there is no " << path);
  MESSAGE("skipped: there is no " << path);
  return {};
}

}  // namespace cameras

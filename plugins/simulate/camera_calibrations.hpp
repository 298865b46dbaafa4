#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "almagest/calibrations.hpp"
#include "almagest/detector.hpp"
#include "almagest/instrument.hpp"
#include "readout.hpp"

namespace simulate {

/// What the simulated camera knows of itself and no frame can tell: calibration files as
/// `almagest ingest-calibs` takes them.
struct CalibrationValidity {
  std::string key;  ///< of the data ID: the detector's
  std::int64_t detector = 0;
  std::string first_day;  ///< YYYY-MM-DD; valid until the next one
  std::string last_day;
};

void write_defects(std::filesystem::path const& path, std::vector<almagest::Box> const& boxes,
                   CalibrationValidity const& validity);
void write_crosstalk(std::filesystem::path const& path, almagest::Crosstalk const& crosstalk,
                     CalibrationValidity const& validity);
void write_brighter_fatter_kernel(std::filesystem::path const& path,
                                  almagest::Image<double> const& kernel,
                                  CalibrationValidity const& validity);
/// \param bent  false: none of the amplifiers is, whatever the camera says
void write_linearity(std::filesystem::path const& path, almagest::Detector const& detector,
                     bool bent, CalibrationValidity const& validity);
void write_deferred_charge(std::filesystem::path const& path, almagest::Detector const& detector,
                           Electronics const& electronics, CalibrationValidity const& validity);

/// What the obs package brings itself, in files of its own; none when it has no such file, or no
/// rows for the detector.
std::optional<almagest::Crosstalk> declared_crosstalk(almagest::Instrument const& instrument,
                                                      almagest::Detector const& detector);
std::optional<almagest::Image<double>> declared_repulsion(almagest::Instrument const& instrument);
/// \param date  YYYY-MM-DD
std::optional<std::vector<almagest::Box>> declared_defects(almagest::Instrument const& instrument,
                                                           almagest::Detector const& detector,
                                                           std::string const& date);

/// A matrix for cameras without one: some 1e-4, less between distant amplifiers.
almagest::Crosstalk usual_crosstalk(almagest::Detector const& detector, std::uint64_t seed);

}  // namespace simulate

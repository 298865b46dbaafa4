#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "scene.hpp"

namespace simulate {

/// What one filter's frame shows of an object.
struct Appearance {
  almagest::Point position;      ///< pixel, (0, 0) at the centre of the first one
  double flux = 0.0;             ///< [adu]
  double signal_to_noise = 0.0;  ///< of a fit with the true profile, sky-limited and photon noise
  bool saturated = false;        ///< the pixel at its centre is saturated
};

/// The truth table: one row per object, columns per filter.
struct Truth {
  std::vector<std::string> filters;
  std::vector<SkyObject> objects;
  std::vector<almagest::SkyPoint> sky;               ///< by object
  std::vector<std::vector<Appearance>> appearances;  ///< by filter, then object
};

/// As text, a header line and comma-separated values; angles in degrees.
/// \throws DataError naming the path
void write_truth_csv(std::filesystem::path const& path, Truth const& truth);
/// The same as a FITS table.
void write_truth_fits(std::filesystem::path const& path, Truth const& truth);

}  // namespace simulate

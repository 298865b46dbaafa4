#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "detector_scene.hpp"

namespace simulate {

/// A source in one exposure of one detector.
struct TruthRow {
  std::int64_t exposure = 0;
  int detector = 0;
  std::string filter;
  SeenSource seen;
};

/// The truth as text, a header line and comma-separated values.
/// \throws DataError naming the path
void write_camera_truth_csv(std::filesystem::path const& path, std::vector<TruthRow> const& rows);
/// The same as a FITS table.
void write_camera_truth_fits(std::filesystem::path const& path, std::vector<TruthRow> const& rows);

/// What the pixels would hold without noise, and which a cosmic ray has hit: planes ELECTRONS,
/// COSMIC_RAYS [electron] and CR_MASK, 1 where a ray left more than three times the noise.
void write_truth_image(std::filesystem::path const& path, PlannedExposure const& exposure,
                       int detector, ExposureCharge const& charge, double read_noise);

}  // namespace simulate

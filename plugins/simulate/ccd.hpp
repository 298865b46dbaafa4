#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "almagest/footprint.hpp"
#include "almagest/image.hpp"
#include "random.hpp"

namespace simulate {

/// What is wrong with a frame's pixels.
struct Defects {
  std::vector<almagest::Span> interpolated;  ///< bad columns, cosmic rays and saturated pixels
  std::vector<almagest::Span> saturated;
  std::vector<almagest::Span> cosmic_rays;
};

/// A corrected frame: counts with pedestal, and its defects.
struct CcdFrame {
  almagest::Image<std::uint16_t> pixels;
  Defects defects;
};

struct CcdSettings {
  double gain = 1.0;           ///< electrons per adu
  double dark_variance = 0.0;  ///< [adu²]
  double full_well = 65000;    ///< [adu]
  int pedestal = 1000;         ///< [adu]
  int bad_columns = 0;
  int cosmic_rays = 0;
};

/// What the survey's own correction makes of light on the CCD: charge above the full well runs
/// along the columns, noise is added, bad columns and cosmic rays are interpolated over in their
/// rows, and the counts are rounded to integers above a pedestal.
///
/// \param light  expected counts, sky included [adu]
CcdFrame expose(almagest::Image<double> light, CcdSettings const& settings, Random& random);

/// Moves what exceeds the full well to the next free pixels up and down the column, half each way;
/// what reaches the end of the column is lost.
void bleed(almagest::Image<double>& light, double full_well);
/// The same for one column whose pixels have full wells of their own.
/// \returns whether anything moved
bool bleed_column(std::span<double> column, std::span<double const> full_well);

}  // namespace simulate

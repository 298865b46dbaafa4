#pragma once

#include <vector>

#include "almagest/chebyshev.hpp"
#include "almagest/detector.hpp"
#include "almagest/image.hpp"
#include "almagest/mask.hpp"

namespace isr {

/// A smooth sky under amplifiers whose levels differ: both are fitted together, so that the sky
/// does not follow the steps.
struct SkyAndLevels {
  almagest::Chebyshev2 sky;    ///< without a constant
  std::vector<double> levels;  ///< of each amplifier; NaN of one without a usable cell
  double noise = 0.0;          ///< median of the cells' clipped scatters
};

/// Fits clipped means of cells of about `cell` pixels, none of which lies in two amplifiers.
///
/// \param ignored  bits of pixels that are no sky
/// \param order    highest i + j of the Chebyshev series; lowered where there are too few cells along
///                 an axis to tell it from the levels
/// \throws DataError when no amplifier has a cell of which half is usable
SkyAndLevels fit_sky_and_levels(almagest::Image<float> const& image, almagest::Mask const& mask,
                                almagest::MaskPixel ignored, almagest::Detector const& detector,
                                int cell, int order);

}  // namespace isr

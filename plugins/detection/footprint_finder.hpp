#pragma once

#include <vector>

#include "almagest/footprint.hpp"
#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

#include "runs.hpp"

namespace detection {

/// What find_footprints() searches for; science document, section 3.
struct FootprintOptions {
  double threshold = 0.0;   ///< least value of a footprint's pixels [adu of the smoothed image]
  double multiplier = 1.0;  ///< a footprint needs one pixel of threshold · multiplier
  int grow = 0;             ///< how far footprints grow, in steps to the four neighbours [pixel]
  Polarity polarity = Polarity::positive;
};

/// The local maxima among a footprint's pixels: pixels that no one of their 8 neighbours exceeds.
///
/// Pixels on the outermost ring of the image are no maxima. When there is none, the highest pixel
/// stands for the footprint (the first in raster order among equals).
///
/// \param runs  one footprint's pixels, all inside the image
std::vector<almagest::Peak> find_peaks(almagest::Image<float> const& smoothed,
                                       std::vector<almagest::Span> const& runs, Polarity polarity);

/// Finds footprints in a smoothed image: 8-connected pixels beyond the threshold, their peaks,
/// grown and merged where they touch.
///
/// Peaks are sorted by falling value, then x, then y; a peak of a negative footprint has its
/// negative value. Footprints come in the order of connected_groups().
///
/// \param image  the box to which grown footprints are clipped: the image before smoothing
almagest::FootprintSet find_footprints(almagest::Image<float> const& smoothed,
                                       almagest::Box const& image, FootprintOptions const& options);

}  // namespace detection

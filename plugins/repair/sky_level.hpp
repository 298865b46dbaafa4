#pragma once

#include "almagest/mask.hpp"

namespace repair {

struct SkyLevel {
  double level = 0.0;     ///< [unit of the image]
  double variance = 0.0;  ///< its square; of a typical pixel
};

/// The level of the sky, and the variance of its pixels: the median of what clipping at 3 sigma
/// leaves. Of a large frame, some 100 000 pixels spread evenly are looked at.
///
/// \param ignored  mask bits of pixels that do not count
/// \throws DataError when no pixel is left
SkyLevel sky_level(almagest::MaskedImage const& frame, almagest::MaskPixel ignored);

}  // namespace repair

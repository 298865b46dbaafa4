#pragma once

#include <span>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/mask.hpp"

#include "pixel_set.hpp"

namespace repair {

/// Replaces pixels by what stands beside them: the straight line between the nearest good pixels of
/// its row or of its column, whichever are closer together (the mean of both lines where they are
/// equally far). Next to the frame's edge the nearest good pixel on the one side counts for both.
///
/// The variance becomes that of the weighted sum, Σw²v. Where neither row nor column has a good
/// pixel within `reach` pixels, image and variance stay as they are.
///
/// \param pixels  the pixels to replace, array indices, all of them in `bad`
/// \param bad     what no value may be taken from
/// \param avoid   mask bits of pixels that no value may be taken from; NaN never is
/// \returns the pixels that could not be replaced
std::vector<almagest::Pixel> fill(almagest::MaskedImage& frame,
                                  std::span<almagest::Pixel const> pixels, PixelSet const& bad,
                                  almagest::MaskPixel avoid);

inline constexpr int fill_reach = 100;  ///< pixels; the longest tracks are about 80

}  // namespace repair

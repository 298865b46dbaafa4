#pragma once

#include "almagest/image.hpp"
#include "almagest/mask.hpp"

namespace isr {

/// Replaces pixels that are not finite or have one of `bad` by a straight line, along the row,
/// between the good pixels on either side; at an edge by the nearest good one. A row without good
/// pixels becomes a copy of the one below it (above it, at the bottom).
///
/// \returns false when there is no good pixel; the image is then as it was
bool fill_along_rows(almagest::Image<float>& image, almagest::Mask const& mask,
                     almagest::MaskPixel bad);

}  // namespace isr

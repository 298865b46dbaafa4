#pragma once

#include "almagest/image.hpp"

namespace deblend {

/// Replaces each pixel by the median of the 5 × 5 pixels around it; those less than 2 pixels from a
/// side stay as they are, and so does an image of less than 5 pixels either way.
///
/// \param image            finite values
/// \param last_column_too  false leaves the last column that could be filtered as it is
void median_filter(almagest::Image<float>& image, bool last_column_too);

}  // namespace deblend

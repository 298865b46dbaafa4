#pragma once

#include <cstdint>

#include "almagest/mask.hpp"

#include "kriging.hpp"

namespace isr {

/// What pixels become that no good one is near to.
struct Fallback {
  float image = 0.0F;
  float variance = 0.0F;
};

/// Whether interpolate_rows() puts the fallback anywhere.
bool needs_fallback(almagest::MaskedImage const& frame, almagest::MaskPixel bad);

/// Interpolates bad pixels along rows, first … end − 1 (array indices), and flags them.
///
/// A run of bad pixels takes two good ones on each side; one, where another run begins behind it or
/// the image ends. A run that reaches the image's edge is interpolated from one side, up to 6
/// pixels from it; the others, and rows without a good pixel, take the fallback. Pixels that are
/// NaN or infinite are bad, too. The variance is that of the weighted sum.
///
/// \param bad   bits of pixels to interpolate
/// \param flag  bits that they get
/// \returns how many were interpolated or took the fallback
std::int64_t interpolate_rows(almagest::MaskedImage& frame, almagest::MaskPixel bad,
                              almagest::MaskPixel flag, Fallback const& fallback,
                              KrigingTable const& weights, int first, int end);

}  // namespace isr

#pragma once

#include <span>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/mask.hpp"

/// Masks that are drawn or grown. No function needs the shapes to lie inside the mask.
namespace isr {

/// Sets a bit in rectangles of the parent frame.
void flag_boxes(almagest::Mask& mask, std::span<almagest::Box const> boxes,
                almagest::MaskPixel bit);

/// Sets `bit` where image or variance (which may be empty) are NaN or infinite.
/// \returns the number of such pixels
std::int64_t flag_not_finite(almagest::MaskedImage& frame, almagest::MaskPixel bit);

/// How far runs of pixels along a row grow.
struct Widening {
  int shortest;  ///< runs of so many pixels, and longer ones up to the next entry
  int grow;      ///< pixels on either side
};
/// Widens the runs of pixels with `bit` in each row. \param rules  ascending
/// \returns the number of pixels that are new
std::int64_t widen_runs(almagest::Mask& mask, almagest::MaskPixel bit,
                        std::span<Widening const> rules);

/// Sets `bit` in all pixels not further than `pixels` steps along rows and columns from one that
/// has it.
void grow_manhattan(almagest::Mask& mask, almagest::MaskPixel bit, int pixels);

}  // namespace isr

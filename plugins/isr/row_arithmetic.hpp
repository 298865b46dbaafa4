#pragma once

#include <span>

#include "almagest/mask.hpp"

/// Arithmetic on rows of pixels. Spans of a call have the same length.
namespace isr {

void subtract(std::span<float> row, float level);
void subtract(std::span<float> row, std::span<float const> other);
void multiply(std::span<float> row, float factor);

bool any_at_least(std::span<float const> row, float level);
/// Sets a bit where a pixel is at least `level`; NaN is not.
void flag_at_least(std::span<float const> row, float level, almagest::MaskPixel bit,
                   std::span<almagest::MaskPixel> mask);
/// Whether any pixel is NaN or infinite.
bool any_not_finite(std::span<float const> row);

}  // namespace isr

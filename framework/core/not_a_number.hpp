#pragma once

#include <span>

namespace almagest::statistics {

bool has_nan(std::span<float const> values) noexcept;

/// Moves the values that are not NaN to the front, in order. \returns these
std::span<float> without_nan(std::span<float> values);

}  // namespace almagest::statistics

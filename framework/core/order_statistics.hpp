#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace almagest::statistics {

/// So many that the effort pays; not more than its counters hold.
constexpr bool is_many(std::size_t count) noexcept {
  return count >= 32768 && count <= 0xFFFFFFFFU;
}

/// The values at ranks f(n − 1), linearly interpolated.
///
/// Reorders the values, unless they are const or many.
/// \param values  one at least, none NaN; const ones no more than 32 bits count
template <std::size_t N, class Value>
std::array<double, N> quantiles(std::span<Value> values, std::array<double, N> const& fractions);

extern template std::array<double, 1> quantiles(std::span<float>, std::array<double, 1> const&);
extern template std::array<double, 3> quantiles(std::span<float>, std::array<double, 3> const&);
extern template std::array<double, 3> quantiles(std::span<float const>,
                                                std::array<double, 3> const&);

}  // namespace almagest::statistics

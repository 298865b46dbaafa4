#pragma once

#include <cmath>
#include <cstring>
#include <limits>

/// Two doubles in one register, which every x86-64 has. Spelt out where a loop is hot, because g++
/// 12 makes no vector instructions of its own at -O2, and no sums of floats at any level; the order
/// of the additions is part of the result.
namespace measurement {

using Pair = double __attribute__((vector_size(16)));
using FloatPair = float __attribute__((vector_size(8)));

inline Pair load(double const* from) noexcept {
  Pair pair;
  std::memcpy(&pair, from, sizeof(pair));
  return pair;
}

/// Two floats, widened.
inline Pair load(float const* from) noexcept {
  FloatPair pair;
  std::memcpy(&pair, from, sizeof(pair));
  return __builtin_convertvector(pair, Pair);
}

inline void store(Pair pair, double* to) noexcept {
  std::memcpy(to, &pair, sizeof(pair));
}

inline double total(Pair pair) noexcept {
  return pair[0] + pair[1];
}

/// 0 for what is not finite.
inline double usable(float value) noexcept {
  return std::abs(value) <= std::numeric_limits<float>::max() ? double{value} : 0.0;
}

/// Two neighbouring pixels; `checked` puts 0 for what is not finite.
template <bool checked>
Pair load_pixels(float const* from) noexcept {
  if constexpr (checked)
    return Pair{usable(from[0]), usable(from[1])};
  else
    return load(from);
}

}  // namespace measurement

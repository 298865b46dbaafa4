#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>

/// Two doubles in one register, which every x86-64 has, and four, which are two registers or one.
/// Spelt out where a loop is hot, because g++ 12 makes no vector instructions of its own at -O2,
/// and no sums of floats at any level; the order of the additions is part of the result.
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

/// Passed by reference only: how one is passed by value depends on the processor.
using Quad = double __attribute__((vector_size(32)));
using FloatQuad = float __attribute__((vector_size(16)));

[[gnu::always_inline]] inline void load(float const* from, Quad& to) noexcept {
  FloatQuad four;
  std::memcpy(&four, from, sizeof(four));
  to = __builtin_convertvector(four, Quad);
}

[[gnu::always_inline]] inline double total(Quad const& quad) noexcept {
  return (quad[0] + quad[2]) + (quad[1] + quad[3]);
}

/// 0 for what is not finite.
inline double usable(float value) noexcept {
  return std::abs(value) <= std::numeric_limits<float>::max() ? double{value} : 0.0;
}

/// One pixel; `checked` puts 0 for what is not finite.
template <bool checked>
[[gnu::always_inline]] inline double pixel_value(float value) noexcept {
  return checked ? usable(value) : double{value};
}

/// Two neighbouring pixels.
template <bool checked>
Pair load_pixels(float const* from) noexcept {
  if constexpr (checked)
    return Pair{usable(from[0]), usable(from[1])};
  else
    return load(from);
}

template <bool checked>
[[gnu::always_inline]] inline void load_pixels(float const* from, Quad& to) noexcept {
  if constexpr (checked)
    to = Quad{usable(from[0]), usable(from[1]), usable(from[2]), usable(from[3])};
  else
    load(from, to);
}

/// The last one to three pixels of a row, and zeros.
template <bool checked>
[[gnu::always_inline]] inline void load_rest(float const* from, std::size_t count,
                                             Quad& to) noexcept {
  to = Quad{pixel_value<checked>(from[0]), count > 1 ? pixel_value<checked>(from[1]) : 0.0,
            count > 2 ? pixel_value<checked>(from[2]) : 0.0, 0.0};
}

}  // namespace measurement

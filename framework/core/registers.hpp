#pragma once

#include <cstdint>
#include <cstring>
#include <limits>

/// Registers that every x86-64 has, spelt out where loops are hot: g++ 12 makes no vector
/// instructions of its own at -O2, and no sums of floats at any level.
namespace almagest::statistics {

using Pair = double __attribute__((vector_size(16)));
using LongPair = std::int64_t __attribute__((vector_size(16)));
using Quad = float __attribute__((vector_size(16)));
using IntQuad = std::int32_t __attribute__((vector_size(16)));
/// Two floats, widened.
inline Pair load_pair(float const* from) noexcept {
  float __attribute__((vector_size(8))) pair;
  std::memcpy(&pair, from, sizeof(pair));
  return __builtin_convertvector(pair, Pair);
}
inline Quad load_quad(float const* from) noexcept {
  Quad quad;
  std::memcpy(&quad, from, sizeof(quad));
  return quad;
}
/// The value where the condition holds, else 0.
inline Pair where(LongPair condition, Pair value) noexcept {
  return reinterpret_cast<Pair>(condition & reinterpret_cast<LongPair>(value));
}
inline Pair absolute(Pair value) noexcept {
  constexpr std::int64_t all_but_sign = std::numeric_limits<std::int64_t>::max();
  return where(LongPair{all_but_sign, all_but_sign}, value);
}
inline bool all(LongPair condition) noexcept {
  return (condition[0] & condition[1]) != 0;
}
inline bool any(IntQuad condition) noexcept {
  LongPair const halves = reinterpret_cast<LongPair>(condition);
  return (halves[0] | halves[1]) != 0;
}
inline double total(Pair pair) noexcept {
  return pair[0] + pair[1];
}
}  // namespace almagest::statistics

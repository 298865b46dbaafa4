#include "median.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#ifdef __SSE__
#include <xmmintrin.h>
#endif

namespace deblend {
namespace {
using namespace almagest;

constexpr int half = 2;
constexpr int side = 2 * half + 1;
constexpr std::size_t count = std::size_t{side} * side;

// Four neighbouring pixels are filtered at once.
constexpr int lanes = 4;
using Quad = float __attribute__((vector_size(lanes * sizeof(float))));
using Bits = std::int32_t __attribute__((vector_size(lanes * sizeof(std::int32_t))));

Quad load(float const* from) noexcept {
  Quad quad;
  std::memcpy(&quad, from, sizeof(quad));
  return quad;
}

/// Puts the smaller of two values first.
void order(Quad& a, Quad& b) noexcept {
#ifdef __SSE__
  // One instruction each, which g++ 12 does not find by itself.
  Quad const low = _mm_min_ps(a, b);
  b = _mm_max_ps(a, b);
#else
  Quad const low = a < b ? a : b;
  b = a < b ? b : a;
#endif
  a = low;
}

/// Moves the least of the first `n` values to the front and the greatest to their end.
template <std::size_t n>
void bring_out_extremes(std::array<Quad, count>& v) noexcept {
#pragma GCC unroll 16
  for (std::size_t k = 0; k < n / 2; ++k) order(v[k], v[n - 1 - k]);
#pragma GCC unroll 16
  for (std::size_t k = 1; k < (n + 1) / 2; ++k) order(v[0], v[k]);
#pragma GCC unroll 16
  for (std::size_t k = n / 2; k < n - 1; ++k) order(v[k], v[n - 1]);
}

/// Of n values, more than half of all, neither the least nor the greatest can be the median: drops
/// both, takes the next one in, and goes on with n − 1.
template <std::size_t n = count / 2 + 2>
Quad median_of(std::array<Quad, count>& v) noexcept {
  bring_out_extremes<n>(v);
  if constexpr (n == 3) {
    return v[1];
  } else {
    v[0] = v[count + 3 - n];
    return median_of<n - 1>(v);
  }
}

/// Filters the pixels x … x + 3 of a row, given the pixel 2 to the left of and below the first.
Quad filtered(float const* corner, std::ptrdiff_t width) noexcept {
  std::array<Quad, count> values;
  Bits any{};
  for (std::size_t y = 0; y < side; ++y) {
    for (std::size_t x = 0; x < side; ++x) {
      Quad const value = load(corner + static_cast<std::ptrdiff_t>(y) * width + x);
      values[y * side + x] = value;
      any |= value != 0.0F;
    }
  }
  // Half of a template is often empty.
  bool const empty = (any[0] | any[1] | any[2] | any[3]) == 0;
  return empty ? Quad{} : median_of(values);
}

}  // namespace

void median_filter(Image<float>& image, bool last_column_too) {
  int const width = image.width(), height = image.height();
  if (width < side || height < side) return;
  int const end = width - half - (last_column_too ? 0 : 1);
  auto const pixels = image.pixels();
  // Behind the last row, what the last group of four may read in vain.
  std::vector<float> before(pixels.size() + lanes);
  std::copy(pixels.begin(), pixels.end(), before.begin());
  for (int y = half; y < height - half; ++y) {
    float const* const from = before.data() + std::ptrdiff_t{y - half} * width;
    float* const to = pixels.data() + std::ptrdiff_t{y} * width;
    for (int x = half; x < end; x += lanes) {
      Quad const medians = filtered(from + (x - half), width);
      std::memcpy(to + x, &medians,
                  static_cast<std::size_t>(std::min(lanes, end - x)) * sizeof(float));
    }
  }
}

}  // namespace deblend

#include "gaussian_deviates.hpp"

#include <cmath>
#include <cstddef>

namespace measurement {
namespace {

constexpr double tail = 3.44428647676;    // where the last strip's tail begins, for 128 strips
constexpr double horizontal = 16777216;   // 2^24 places along a strip
constexpr double uniform_range = 0x1p32;  // of 32 random bits

double curve(double x) {
  return std::exp(-0.5 * x * x);
}

}  // namespace

//   1 |‾‾\               Strip k is as high as the curve at x_k minus that at x_{k+1}, and as wide
//     |___\___           as x_{k+1}; all have the same area. Strip 127 is what lies below the curve
//     |____\__\___       at R, tail included.
//     |_____\___  ‾‾‾──
//     0     x_k  x_k+1
GaussianDeviates::GaussianDeviates(std::uint32_t seed) : bits_(seed) {
  double const area = curve(tail) * (tail + 1.0 / tail);
  double right = area / curve(tail);  // x_128: as wide as the last strip would be without a tail
  double left = tail;
  for (std::size_t k = strips; k-- > 0;) {
    scale_[k] = right / horizontal;
    inside_[k] = static_cast<std::uint32_t>(horizontal * left / right);
    height_[k] = curve(left);
    right = left;
    double const above = height_[k] + area / left;
    left = above < 1.0 ? std::sqrt(-2.0 * std::log(above)) : 0.0;
  }
}

double GaussianDeviates::uniform() {
  return static_cast<double>(bits_()) / uniform_range;
}

double GaussianDeviates::next() {
  constexpr std::uint32_t strip_bits = 0x7F, sign_bit = 0x80;
  for (;;) {
    auto const random = static_cast<std::uint32_t>(bits_());
    std::size_t const k = random & strip_bits;
    double const sign = (random & sign_bit) != 0 ? 1.0 : -1.0;
    std::uint32_t const place = random >> 8;
    double x = place * scale_[k];
    if (place < inside_[k]) return sign * x;
    double y;
    if (k + 1 < strips) {
      y = height_[k + 1] + (height_[k] - height_[k + 1]) * uniform();
    } else {  // under an exponential, which lies above the curve's tail
      x = tail - std::log(1.0 - uniform()) / tail;
      y = std::exp(-tail * (x - 0.5 * tail)) * uniform();
    }
    if (y < curve(x)) return sign * x;
  }
}

}  // namespace measurement

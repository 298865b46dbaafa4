#pragma once

#include <array>
#include <cstdint>
#include <random>

namespace measurement {

/// Normal deviates of mean 0 and width 1: a Mersenne twister through a ziggurat of 128 strips
/// (Marsaglia & Tsang 2000), in the sequence that the GNU Scientific Library gives for the same
/// seed, to the rounding of a float (science document, section 4 "Noise replacement").
class GaussianDeviates {
 public:
  explicit GaussianDeviates(std::uint32_t seed);

  double next();

 private:
  static constexpr std::size_t strips = 128;

  double uniform();  // [0, 1)

  std::mt19937 bits_;
  // The curve exp(−x²/2), and what tells a place under it, at the right-hand ends of the strips.
  std::array<double, strips> scale_;          // x_{k+1}/2^24
  std::array<std::uint32_t, strips> inside_;  // 2^24 x_k/x_{k+1}: all below lies under the curve
  std::array<double, strips> height_;         // exp(−x_k²/2)
};

}  // namespace measurement

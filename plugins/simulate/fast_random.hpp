#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace simulate {

/// Random numbers for millions of pixels: xoshiro256++ (Blackman & Vigna 2019), normal deviates by
/// the ziggurat of 256 layers (Marsaglia & Tsang 2000). The same bits on every machine.
class FastRandom {
 public:
  /// \param stream  of stream_seed()
  /// \param part    of that stream, for example a row: rows do not depend on each other
  explicit FastRandom(std::uint64_t stream, std::uint64_t part = 0);

  std::uint64_t bits() noexcept {
    std::uint64_t const result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    std::uint64_t const t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  /// Uniform in [0, 1).
  double uniform() noexcept { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  double uniform(double low, double high) noexcept { return low + (high - low) * uniform(); }

  /// Standard normal.
  double normal() noexcept {
    std::uint64_t const b = bits();
    auto const layer = static_cast<std::size_t>(b & 0xff);
    // 55 bits with sign: −1 … 1.
    double const u = static_cast<double>(static_cast<std::int64_t>(b) >> 9) * 0x1p-54;
    double const x = u * edges()[layer];
    if (std::abs(x) < edges()[layer + 1]) [[likely]]
      return x;
    return normal_outside(layer, x, u);
  }

  /// Poisson deviate; above a mean of 30 a continuous one with the right mean, variance and
  /// skewness (Cornish & Fisher 1938).
  double poisson(double mean) noexcept {
    if (mean < 30.0) return few(mean);
    double const z = normal();
    // The skewness term has a variance of 1/18 of its own.
    return mean + std::sqrt(mean - 1.0 / 18.0) * z + (z * z - 1.0) / 6.0;
  }

 private:
  using Layers = std::array<double, 257>;
  static Layers const& edges() noexcept { return ziggurat.x; }
  double normal_outside(std::size_t layer, double x, double u) noexcept;
  double few(double mean) noexcept;

  /// Right edges of the layers and the density there.
  struct Ziggurat {
    Ziggurat();
    Layers x;
    Layers y;
  };
  static Ziggurat const ziggurat;

  std::array<std::uint64_t, 4> state_;
};

}  // namespace simulate

#pragma once

#include <cstdint>
#include <random>
#include <string_view>

namespace simulate {

/// Seed and purpose as one number (FNV-1a): streams of different purposes are independent.
std::uint64_t stream_seed(std::uint64_t seed, std::string_view purpose);

/// Random numbers that are the same on every machine: the standard fixes the generator's bits but
/// not its distributions, so these are our own.
class Random {
 public:
  /// A stream of its own for each purpose: more stars do not change the noise.
  Random(std::uint64_t seed, std::string_view purpose);

  /// Uniform in [0, 1), 53 random bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Standard normal (Marsaglia's polar method).
  double normal();
  /// Uniform in 0 … n − 1.
  int index(int n) { return static_cast<int>(uniform() * n); }
  /// Between low and high with density ∝ 10^(slope · x): magnitudes of a population.
  double power_law(double low, double high, double slope);

 private:
  std::mt19937_64 generator_;
  double spare_ = 0.0;
  bool has_spare_ = false;
};

}  // namespace simulate

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace almagest::statistics {

/// Count, Σ(v − c) and Σ(v − c)² of some values.
struct Sums {
  double count = 0.0;
  double first = 0.0;
  double second = 0.0;

  void add(double difference) noexcept {
    count += 1.0;
    first += difference;
    second += difference * difference;
  }
};

/// The sums over the values in a window, and in every other window that differs little.
///
/// Sums once what lies within nine tenths of the half-width, and keeps the few values from there to
/// eleven tenths: clipping moves its window by less than that from pass to pass.
class WindowSums {
 public:
  WindowSums(std::span<float const> values, double centre, double half_width);

  double centre() const noexcept { return centre_; }

  /// Whether within() knows all values of this window.
  bool covers(double centre, double half_width) const noexcept;

  /// Sums, around centre(), of the values with |v − centre| ≤ half_width.
  Sums within(double centre, double half_width) const noexcept;

 private:
  /// Four sums each, of every fourth value. \returns how many values are done
  std::size_t add_fours(std::span<float const> values);
  /// The same four sums, in one register; x86-64 only.
  std::size_t add_fours_avx2(std::span<float const> values);
  void keep_near(float value);

  double centre_, inner_, outer_;
  Sums sums_;
  std::vector<float> near_;
};

}  // namespace almagest::statistics

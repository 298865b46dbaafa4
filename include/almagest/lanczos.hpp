#pragma once

#include <array>
#include <cstddef>

namespace almagest {

/// Ten taps that shift samples by a fraction of a pixel along one axis, by Lanczos-5: out(n) =
/// Σ_j in(n − j) L(j − d), L(t) = sin(πt) sin(πt/5) / (π²t²/5), divided by the taps' sum (science
/// document, section 1).
///
/// They reach from j = −4 to 5 for d > 0, and from −5 to 4 otherwise.
class LanczosTaps {
 public:
  static constexpr int order = 5;
  static constexpr int count = 2 * order;

  /// \param d  |d| < 1 [pixel]
  explicit LanczosTaps(double d) noexcept;

  int before() const noexcept { return first_ + count - 1; }  ///< samples needed before a result
  int after() const noexcept { return -first_; }              ///< samples needed after it

  /// Shifts in[0] … in[size − 1], each along an axis on which neighbours are `stride` apart.
  ///
  /// Reads from before() strides ahead of `in` to after() strides behind its end. `in` and `out` do
  /// not overlap.
  void apply(double const* in, std::ptrdiff_t stride, double* out, std::size_t size) const noexcept;

 private:
  int first_;
  std::array<double, count> weights_;
};

}  // namespace almagest

#include "sinc_taps.hpp"

#include <cmath>
#include <cstddef>
#include <numbers>

namespace measurement {
namespace {

struct Slope {
  double value, derivative;
};

// 1 / (k!)²: the Bessel function I₀(x) is Σ z^k / (k!)² with z = x²/4. For x ≤ 8 what follows is
// below 1e-13 of it.
constexpr auto bessel_terms = [] {
  std::array<double, 22> terms{1.0};
  for (std::size_t k = 1; k < terms.size(); ++k)
    terms[k] = terms[k - 1] / static_cast<double>(k * k);
  return terms;
}();

/// I₀(β √(1 − t²/T²)) and its derivative by t; constant factors do not matter.
Slope kaiser(double t) noexcept {
  constexpr double quarter = 8.0 * 8.0 / 4.0;  // β²/4
  constexpr double square = SincTaps::reach * SincTaps::reach;
  double const z = quarter * (1.0 - t * t / square);
  Slope sum{0.0, 0.0};
  for (std::size_t k = bessel_terms.size(); k-- > 0;) {
    sum.derivative = sum.derivative * z + sum.value;
    sum.value = sum.value * z + bessel_terms[k];
  }
  return {sum.value, sum.derivative * -2.0 * quarter * t / square};
}

/// sin(πt)/(πt); sine and cosine are those of πt.
Slope sinc(double t, double sine, double cosine) noexcept {
  using std::numbers::pi;
  if (std::abs(t) < 1e-5) return {1.0, -pi * pi * t / 3.0};
  double const value = sine / (pi * t);
  return {value, (cosine - value) / t};
}

}  // namespace

SincTaps::SincTaps(double d) noexcept : first(static_cast<int>(std::floor(d)) - reach + 1) {
  double const angle = std::numbers::pi * (first - d);
  double sine = std::sin(angle), cosine = std::cos(angle);
  Slope sum{0.0, 0.0};
  for (std::size_t i = 0; i < count; ++i) {
    double const t = first + static_cast<int>(i) - d;
    Slope const s = sinc(t, sine, cosine), window = kaiser(t);
    weights[i] = s.value * window.value;
    by_shift[i] = -(s.derivative * window.value + s.value * window.derivative);  // dt/dd = −1
    sum.value += weights[i];
    sum.derivative += by_shift[i];
    sine = -sine;
    cosine = -cosine;
  }
  for (std::size_t i = 0; i < count; ++i) {
    weights[i] /= sum.value;
    by_shift[i] = (by_shift[i] - weights[i] * sum.derivative) / sum.value;
  }
}

}  // namespace measurement

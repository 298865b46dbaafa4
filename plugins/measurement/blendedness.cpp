#include "blendedness.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "almagest/error.hpp"

#include "ellipse.hpp"

namespace measurement {
using namespace almagest;

namespace {

/// The expectation of a value that is not negative, measured as d with variance v.
double expectation(double d, double v) {
  double const sigma = std::sqrt(v), below = -d / sigma;
  // Far below zero both the density and its integral vanish; their ratio tends to below + 1/below
  // (Abramowitz & Stegun 1964, 26.2.12).
  if (below > 20.0) return sigma * (1.0 / below - 2.0 / (below * below * below));
  double const density = std::exp(-0.5 * below * below) / std::sqrt(2.0 * std::numbers::pi);
  return d + sigma * density / (0.5 * std::erfc(below / std::numbers::sqrt2));
}

}  // namespace

double absolute_bias(double d, double v) {
  if (!(v > 0.0) || !std::isfinite(v)) return 0.0;
  double const mu = expectation(d, v);
  return std::sqrt(2.0 * v / std::numbers::pi) * std::exp(-0.5 * mu * mu / v) -
         mu * std::erfc(mu / std::sqrt(2.0 * v));
}

WeightedLight weighted_light(Image<float> const& image, Image<float> const& variance, Point centre,
                             Quadrupole const& moments, double reach, double max_radius) {
  auto const ellipse = Ellipse::make(centre, moments, reach, max_radius);
  if (!ellipse) throw MeasurementError("blendedness: the source's moments are no ellipse");
  double weights = 0.0, squares = 0.0, raw = 0.0, absolute = 0.0;
  bool bad_pixels = false;
  ellipse->for_each(image.bbox(), [&](int x, int y, double e) {
    double const d = image.at({x, y}), v = variance.at({x, y});
    if (!std::isfinite(d) || !std::isfinite(v)) {
      bad_pixels = true;
      return;
    }
    double const w = std::exp(-0.5 * e);
    weights += w;
    squares += w * w;
    raw += w * d;
    absolute += w * (std::abs(d) - absolute_bias(d, v));
  });
  if (!(squares > 0.0)) throw MeasurementError("blendedness: no good pixel under the source");
  double const scale = weights / squares;
  return {scale * raw, scale * absolute, bad_pixels};
}

double blendedness(double child, double parent) {
  return parent == 0.0 ? std::numeric_limits<double>::quiet_NaN() : 1.0 - child / parent;
}

}  // namespace measurement

#include "kron.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "ellipse.hpp"

namespace measurement {
namespace {
using namespace almagest;

constexpr int parts = 5;  // of a pixel, along each axis

/// σ along the major axis.
double major_sigma(Quadrupole const& q) {
  double const half = 0.5 * (q.xx + q.yy), difference = 0.5 * (q.xx - q.yy);
  return std::sqrt(half + std::sqrt(difference * difference + q.xy * q.xy));
}

/// Calls visit(x, y) at the middles of a pixel's parts.
template <class Visit>
void for_each_part(int x, int y, Visit const& visit) {
  for (int j = 0; j < parts; ++j)
    for (int i = 0; i < parts; ++i) visit(x + (i + 0.5) / parts - 0.5, y + (j + 0.5) / parts - 0.5);
}

}  // namespace

KronRadius kron_radius(Image<float> const& image, Point centre, Quadrupole const& moments,
                       double reach, double max_radius) {
  KronRadius result;
  auto const ellipse = Ellipse::make(centre, moments, reach, max_radius);
  if (!ellipse) return result;
  Pixel const middle = nearest_pixel(centre);
  double light = 0.0, moment = 0.0;  // distances in σ
  ellipse->for_each(image.bbox(), [&](int x, int y, double e) {
    double const d = image.at({x, y});
    if (!std::isfinite(d)) {
      result.bad_pixels = true;
      return;
    }
    double r = std::sqrt(e);
    if (Pixel{x, y} == middle) {  // where r has its cusp, and its middle is no measure of it
      r = 0.0;
      for_each_part(x, y, [&](double u, double v) {
        r += std::sqrt(std::max(0.0, ellipse->distance2(u, v))) / (parts * parts);
      });
    }
    light += d;
    moment += r * d;
  });
  // ⟨r⟩ √(b/a) = ⟨r/a⟩ √(ab)
  if (light > 0.0 && moment > 0.0 && moment <= reach * light)
    result.radius = moment / light * moments.determinant_radius();
  return result;
}

EllipseFlux ellipse_flux(Image<float> const& image, Image<float> const& variance, Point centre,
                         Quadrupole const& moments, double radius) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  EllipseFlux result{nan, nan};
  double const reach = radius / moments.determinant_radius();  // [σ]
  double const largest = reach * major_sigma(moments);
  auto const ellipse = Ellipse::make(centre, moments, reach, largest + 1.0);
  Box const frame = image.bbox();
  if (!ellipse || !std::isfinite(largest) || !ellipse->within(frame)) {
    result.truncated = true;
    return result;
  }

  // A pixel's corners are at most this far from its middle, in σ of the narrow axis.
  double const minor =
      moments.determinant_radius() * moments.determinant_radius() / major_sigma(moments);
  double const corner = std::numbers::sqrt2 / 2.0 / minor;
  double const surely_inside = reach > corner ? (reach - corner) * (reach - corner) : -1.0;
  double const surely_outside = (reach + corner) * (reach + corner);
  double flux = 0.0, square_error = 0.0;
  Box const edge = intersection(ellipse->bbox(frame).grown(1), frame);
  for (int y = edge.y0; y <= edge.y1(); ++y)
    for (int x = edge.x0; x <= edge.x1(); ++x) {
      double const e = ellipse->distance2(x, y);
      if (e >= surely_outside) continue;
      double weight = 1.0;
      if (e > surely_inside) {
        int inside = 0;
        for_each_part(x, y, [&](double u, double v) { inside += ellipse->contains(u, v) ? 1 : 0; });
        weight = static_cast<double>(inside) / (parts * parts);
        if (inside == 0) continue;
      }
      double const d = image.at({x, y}), v = variance.at({x, y});
      if (!std::isfinite(d) || !std::isfinite(v)) {
        result.bad_pixels = true;
        continue;
      }
      flux += weight * d;
      square_error += weight * weight * v;
    }
  result.flux = flux;
  result.error = std::sqrt(square_error);
  return result;
}

}  // namespace measurement

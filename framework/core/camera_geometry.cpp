#include "almagest/camera_geometry.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "almagest/error.hpp"

namespace almagest {
namespace {

/// Tangent-plane coordinates; also what field angles are: tan of the angle from the axis.
struct TangentPoint {
  double xi, eta;
};

/// Gnomonic projection and its inverse (Calabretta & Greisen 2002, section 5.1.3).
SkyPoint deproject(TangentPoint p, SkyPoint const& centre) noexcept {
  double const sin0 = std::sin(centre.dec), cos0 = std::cos(centre.dec);
  double const down = cos0 - p.eta * sin0;
  double ra = centre.ra + std::atan2(p.xi, down);
  ra -= 2 * std::numbers::pi * std::floor(ra / (2 * std::numbers::pi));
  return {ra, std::atan2(sin0 + p.eta * cos0, std::hypot(p.xi, down))};
}

TangentPoint project(SkyPoint const& sky, SkyPoint const& centre) {
  double const sin0 = std::sin(centre.dec), cos0 = std::cos(centre.dec);
  double const sin1 = std::sin(sky.dec), cos1 = std::cos(sky.dec);
  double const turn = sky.ra - centre.ra;
  double const depth = sin0 * sin1 + cos0 * cos1 * std::cos(turn);
  if (!(depth > 0)) throw DataError("the position is on the other hemisphere than the telescope");
  return {cos1 * std::sin(turn) / depth, (cos0 * sin1 - sin0 * cos1 * std::cos(turn)) / depth};
}

}  // namespace

SkyPoint pixel_to_sky(Instrument const& instrument, Pointing const& pointing,
                      Detector const& detector, Point pixel) {
  Point const f = instrument.field_angle(focal_plane_position(detector, pixel));
  double const c = std::cos(pointing.rotation_rad), s = std::sin(pointing.rotation_rad);
  return deproject({-f.x * c + f.y * s, f.x * s + f.y * c}, pointing.boresight);
}

Point sky_to_pixel(Instrument const& instrument, Pointing const& pointing, Detector const& detector,
                   SkyPoint sky) {
  TangentPoint const p = project(sky, pointing.boresight);
  double const c = std::cos(pointing.rotation_rad), s = std::sin(pointing.rotation_rad);
  return pixel_position(detector,
                        instrument.focal_plane({-p.xi * c + p.eta * s, p.xi * s + p.eta * c}));
}

Wcs camera_wcs(Instrument const& instrument, Pointing const& pointing, Detector const& detector,
               int sip_order) {
  // More points than coefficients by far, the edges among them: a polynomial is worst there.
  constexpr int points_per_side = 15;
  Box const& box = detector.box;
  if (box.empty()) throw DataError("detector '" + detector.name + "' has no pixels");
  std::vector<WcsControlPoint> points;
  for (int j = 0; j < points_per_side; ++j)
    for (int i = 0; i < points_per_side; ++i) {
      // Chebyshev's nodes, stretched to the edges, keep the largest residual small.
      auto const place = [](int k) {
        return 0.5 - 0.5 * std::cos(std::numbers::pi * k / (points_per_side - 1));
      };
      Point const pixel{box.x0 - 0.5 + place(i) * box.width, box.y0 - 0.5 + place(j) * box.height};
      points.push_back({pixel, pixel_to_sky(instrument, pointing, detector, pixel), 1.0});
    }
  return fit_wcs(points, box, sip_order).wcs;
}

}  // namespace almagest

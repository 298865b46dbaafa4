#include "scan_geometry.hpp"

#include <cmath>
#include <numbers>

namespace simulate {

using namespace almagest;

namespace {

constexpr double pixel_degrees = 0.396127 / 3600.0;  // SDSS plate scale

double polynomial(std::array<double, 4> const& c, double x) {
  return c[0] + c[1] * x + c[2] * x * x + c[3] * x * x * x;
}

}  // namespace

ScanGeometry ScanGeometry::make(double mu_centre, double nu_centre, int width, int height,
                                Random& random) {
  ScanGeometry geometry;
  // Sizes as in real solutions: rotation and scale to 1e-4, distortion of a tenth of a pixel.
  double const rotation = random.uniform(-2e-4, 2e-4);
  geometry.mu = {0.0, pixel_degrees * (1 + random.uniform(-1e-4, 1e-4)), pixel_degrees * rotation};
  geometry.nu = {0.0, pixel_degrees * -rotation * random.uniform(0.5, 1.5),
                 pixel_degrees * (1 + random.uniform(-1e-4, 1e-4))};
  double const row_size = random.uniform(0.5, 1.5);
  geometry.row_terms = {-0.04 * row_size, 1.5e-4 * row_size, -1.5e-7 * row_size, 4e-11 * row_size};
  double const column_size = random.uniform(0.5, 1.5);
  geometry.column_terms = {-0.1 * column_size, 6e-4 * column_size, -7e-7 * column_size,
                           2.2e-10 * column_size};
  Point const middle = geometry.great_circle({0.5 * (width - 1), 0.5 * (height - 1)});
  geometry.mu[0] = mu_centre - middle.x;
  geometry.nu[0] = nu_centre - middle.y;
  return geometry;
}

Point ScanGeometry::great_circle(Point pixel) const {
  // SDSS pixels begin at 0, so that the centre of the first one is at 0.5.
  double const x = pixel.x + 0.5;
  double const y = pixel.y + 0.5;
  double const row = y + polynomial(row_terms, x);
  double const column = x + polynomial(column_terms, x);
  return {mu[0] + mu[1] * row + mu[2] * column, nu[0] + nu[1] * row + nu[2] * column};
}

Point ScanGeometry::pixel(Point mu_nu) const {
  double const det = mu[1] * nu[2] - mu[2] * nu[1];
  double const dm = mu_nu.x - mu[0];
  double const dn = mu_nu.y - nu[0];
  double const row = (dm * nu[2] - dn * mu[2]) / det;
  double const column = (dn * mu[1] - dm * nu[1]) / det;
  // x + polynomial(x) = column: the slope is 1e-3 of x, so every pass gains three digits.
  double x = column;
  constexpr int passes = 12;
  for (int pass = 0; pass < passes; ++pass) x = column - polynomial(column_terms, x);
  return {x - 0.5, row - polynomial(row_terms, x) - 0.5};
}

SkyPoint ScanGeometry::sky(Point mu_nu) const {
  // A unit vector in the frame of the great circle, turned about its line of nodes.
  double const along = mu_nu.x * radians_per_degree - node * radians_per_degree;
  double const across = mu_nu.y * radians_per_degree;
  double const tilt = inclination * radians_per_degree;
  double const to_node = std::cos(across) * std::cos(along);
  double const east = std::cos(across) * std::sin(along);
  double const north = std::sin(across);
  double const y = east * std::cos(tilt) - north * std::sin(tilt);
  double const z = east * std::sin(tilt) + north * std::cos(tilt);
  double ra = std::atan2(y, to_node) + node * radians_per_degree;
  if (ra < 0) ra += 2 * std::numbers::pi;
  if (ra >= 2 * std::numbers::pi) ra -= 2 * std::numbers::pi;
  return {ra, std::atan2(z, std::hypot(to_node, y))};
}

}  // namespace simulate

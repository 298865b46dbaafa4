#include "astrometric_solution.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "almagest/text.hpp"
#include "table_lookup.hpp"

namespace obs_sdss {

using namespace almagest;

namespace {

double cubic(std::array<double, 4> const& c, double x) noexcept {
  return c[0] + x * (c[1] + x * (c[2] + x * c[3]));
}

/// Control points on a regular grid that includes the box's corners.
std::vector<WcsControlPoint> control_grid(AstrometricSolution const& solution, Box const& box) {
  // 33 nodes per axis: one every 64 pixels along a row, far denser than a cubic needs.
  constexpr int nodes = 33;
  std::vector<WcsControlPoint> points;
  points.reserve(nodes * nodes);
  for (int j = 0; j < nodes; ++j)
    for (int i = 0; i < nodes; ++i) {
      Point const pixel{box.x0 + (box.width - 1) * (i / (nodes - 1.0)),
                        box.y0 + (box.height - 1) * (j / (nodes - 1.0))};
      points.push_back({pixel, solution.sky(pixel)});
    }
  return points;
}

}  // namespace

SkyPoint AstrometricSolution::sky(Point pixel) const noexcept {
  // SDSS counts from the corner of the first pixel.
  double const x = pixel.x + 0.5;
  double const y = pixel.y + 0.5;
  double const row = y + cubic(row_terms, x);
  double const column = x + cubic(column_terms, x);
  double const mu_node = (mu[0] + mu[1] * row + mu[2] * column) * radians_per_degree - node;
  double const nu_angle = (nu[0] + nu[1] * row + nu[2] * column) * radians_per_degree;

  double const x2 = std::cos(mu_node) * std::cos(nu_angle);
  double const y2 = std::sin(mu_node) * std::cos(nu_angle);
  double const z2 = std::sin(nu_angle);
  double const sin_i = std::sin(inclination);
  double const cos_i = std::cos(inclination);
  constexpr double circle = 2.0 * std::numbers::pi;
  double ra = std::atan2(y2 * cos_i - z2 * sin_i, x2) + node;
  ra -= circle * std::floor(ra / circle);
  return {ra, std::asin(std::clamp(y2 * sin_i + z2 * cos_i, -1.0, 1.0))};
}

AstrometricSolution read_astrometric_solution(std::filesystem::path const& path,
                                              Formatter::ReadRequest const& request) {
  fits::Reader reader(path);
  Header const header = reader.header(0);
  std::string const& filter = request.id.text("filter");
  std::string const camcol = std::to_string(request.id.integer("camcol"));
  std::size_t const hdu =
      list_size(header, "FILTERS") * position_in_list(header, "CAMCOLS", camcol) +
      position_in_list(header, "FILTERS", filter) + 1;
  fits::Table const table =
      require_table(reader, hdu, "camcol " + camcol + ", filter " + filter, path);
  std::size_t const row = row_of_field(table, request.id.integer("field"), path);
  auto const value = [&](std::string const& column) {
    return require_finite(Numbers(table, column, 1, path)(row), column, path);
  };
  return {.node = header.number("NODE") * radians_per_degree,
          .inclination = header.number("INCL") * radians_per_degree,
          .mu = {value("a"), value("b"), value("c")},
          .nu = {value("d"), value("e"), value("f")},
          .row_terms = {value("dRow0"), value("dRow1"), value("dRow2"), value("dRow3")},
          .column_terms = {value("dCol0"), value("dCol1"), value("dCol2"), value("dCol3")}};
}

WcsFit fit_tan_sip(AstrometricSolution const& solution, Box const& box, double tolerance_mas) {
  constexpr int lowest_order = 2;
  constexpr int highest_order = 5;
  auto const points = control_grid(solution, box);
  double smallest_mas = 0.0;
  for (int order = lowest_order; order <= highest_order; ++order) {
    WcsFit fit = fit_wcs(points, box, order);
    smallest_mas = fit.maximum_arcsec * 1000.0;
    if (smallest_mas <= tolerance_mas) return fit;
  }
  throw DataError("no TAN-SIP up to order " + std::to_string(highest_order) +
                  " follows the asTrans solution: " + fixed(smallest_mas, 6) + " mas are left, " +
                  fixed(tolerance_mas, 6) + " allowed");
}

}  // namespace obs_sdss

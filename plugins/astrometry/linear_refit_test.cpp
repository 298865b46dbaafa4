#include "linear_refit.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "almagest/error.hpp"

#include "test_field.hpp"

using namespace almagest;
using namespace astrometry;
using astrometry::test::disturbed;
using astrometry::test::frame;

namespace {

constexpr LinearModel affine, similarity{false, 1}, scan{true, 2};

std::vector<WcsControlPoint> grid(Wcs const& wcs, int n = 6) {
  std::vector<WcsControlPoint> points;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      Point const pixel{frame.width * (i + 0.3) / n, frame.height * (j + 0.6) / n};
      points.push_back({pixel, wcs.pixel_to_sky(pixel)});
    }
  return points;
}

/// Largest distance of two WCS over the frame [mas].
double largest_difference(Wcs const& a, Wcs const& b) {
  double largest = 0.0;
  for (double x = 0.0; x <= frame.width; x += 64.0)
    for (double y = 0.0; y <= frame.height; y += 64.0)
      largest = std::max(largest, separation(a.pixel_to_sky({x, y}), b.pixel_to_sky({x, y})));
  return largest / radians_per_arcsec * 1000.0;
}

}  // namespace

TEST_CASE("refit: a shifted, turned and stretched WCS comes back to 0.01 mas, distortion kept") {
  for (double const dec : {0.1, 62.0, -88.5}) {
    Wcs const model = test::true_wcs();
    Wcs truth(model.crpix(), {359.99999 * radians_per_degree, dec * radians_per_degree},
              model.cd());
    truth.set_sip(model.sip_a(), model.sip_b(), {}, {});
    Wcs const start = disturbed(truth, 15.0, 40.0, 1.0, 1.002);
    CHECK(largest_difference(start, truth) > 10000.0);
    Wcs const fitted = refit_linear(start, grid(truth), affine);
    CHECK(largest_difference(fitted, truth) < 0.01);
    CHECK(fitted.crpix() == truth.crpix());
    CHECK(fitted.sip_a() == truth.sip_a());
    Wcs const similar = refit_linear(start, grid(truth), similarity);
    CHECK(largest_difference(similar, truth) < 0.01);
  }
}

TEST_CASE("refit: the result does not remember where it began") {
  Wcs const truth = test::true_wcs();
  std::vector<WcsControlPoint> points = grid(truth);
  for (std::size_t i = 0; i < points.size(); ++i)  // an inconsistent set: there are residuals
    points[i].sky.ra += 1e-7 * std::sin(static_cast<double>(i * i));
  Wcs const a = refit_linear(truth, points, affine);
  Wcs const b = refit_linear(disturbed(truth, 12.0, 200.0, 0.5), points, affine);
  CHECK(largest_difference(a, b) < 1e-3);
  CHECK(largest_difference(a, truth) > 1.0);
}

TEST_CASE("refit: weights count") {
  Wcs const truth = test::true_wcs();
  std::vector<WcsControlPoint> points = grid(truth);
  points[7].sky.dec += 5.0 * radians_per_arcsec;
  points[7].weight = 1e-12;
  CHECK(largest_difference(refit_linear(truth, points, affine), truth) < 0.01);
}

TEST_CASE("refit: points on a line or too few are refused") {
  Wcs const truth = test::true_wcs();
  std::vector<WcsControlPoint> line;
  for (int i = 0; i < 20; ++i) {
    Point const pixel{100.0 * i, 50.0 * i};
    line.push_back({pixel, truth.pixel_to_sky(pixel)});
  }
  CHECK_THROWS_AS(refit_linear(truth, line, affine), MeasurementError);
  CHECK_NOTHROW(refit_linear(truth, line, similarity));
  CHECK_THROWS_AS(refit_linear(truth, std::span(line).first(1), similarity), MeasurementError);
}

TEST_CASE("refit: what changed is told") {
  Wcs const truth = test::true_wcs();
  Change const c = change(truth, disturbed(truth, 12.0, 70.0, 0.5, 1.003), truth.crpix());
  CHECK(c.shift == doctest::Approx(12.0).epsilon(1e-6));
  CHECK(c.rotation / radians_per_degree == doctest::Approx(0.5).epsilon(1e-3));
  CHECK(c.scale == doctest::Approx(0.003).epsilon(1e-4));
}

TEST_CASE("refit: outliers are told from a Gaussian scatter") {
  Wcs const truth = test::true_wcs();
  std::vector<WcsControlPoint> points = grid(truth, 20);
  std::mt19937 generator(1);
  std::normal_distribution<double> normal(0.0, 0.03 * radians_per_arcsec);
  for (WcsControlPoint& p : points) {
    p.sky.ra += normal(generator) / std::cos(p.sky.dec);
    p.sky.dec += normal(generator);
  }
  CHECK(typical_distance(truth, points) == doctest::Approx(0.03).epsilon(0.1));
  points[5].sky.dec += 0.5 * radians_per_arcsec;
  std::vector<bool> const good = within_clip(truth, points, 3.5);
  CHECK_FALSE(good[5]);
  // exp(−3.5²/2) = 0.2 % of a Gaussian scatter in two axes lie further out.
  CHECK(std::count(good.begin(), good.end(), true) >= 395);
}

TEST_CASE("refit: powers of the row follow a drift scan through the air, and can be inverted") {
  Wcs const given = test::true_wcs();
  Wcs truth = given;
  SipPolynomial a = given.sip_a(), b = given.sip_b();
  a.at(0, 2) += 3e-7;  // 0.14 pixel at the ends
  b.at(0, 2) -= 5e-7;
  truth.set_sip(a, b, {}, {});
  Wcs const start = disturbed(given, 12.0, 80.0, -0.5);
  CHECK(largest_difference(refit_linear(start, grid(truth), affine), truth) > 20.0);
  Wcs const fitted = refit_linear(start, grid(truth), scan);
  CHECK(largest_difference(fitted, truth) < 0.01);
  Wcs const reversible = with_reverse(fitted, frame);
  CHECK(largest_difference(reversible, truth) < 0.05);
  for (Point const pixel : {Point{3.0, 8.0}, Point{2000.0, 1300.0}}) {
    Point const back = reversible.sky_to_pixel(reversible.pixel_to_sky(pixel));
    CHECK(std::hypot(back.x - pixel.x, back.y - pixel.y) < 1e-7);
  }
  // Without a distortion of its own the WCS gets one.
  Wcs const plain(given.crpix(), given.crval(), given.cd());
  CHECK(largest_difference(refit_linear(plain, grid(plain), scan), plain) < 0.01);
}

#include "almagest/wcs.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "almagest/error.hpp"
#include "wcslib_oracle.hpp"

using namespace almagest;
using almagest::test::WcslibOracle;

namespace {

constexpr double degree = radians_per_degree;

/// A distortion of some pixels at the corners of a 2048 × 1361 frame.
Wcs with_sip(Wcs wcs) {
  SipPolynomial a(4);
  SipPolynomial b(4);
  a.at(2, 0) = 3e-6;
  a.at(1, 1) = -2e-6;
  a.at(0, 3) = 1e-9;
  a.at(2, 2) = 4e-13;
  b.at(0, 2) = -2.5e-6;
  b.at(2, 1) = 1.5e-9;
  b.at(4, 0) = -3e-13;
  wcs.set_sip(a, b, {}, {});
  return wcs;
}

Wcs frame(SkyPoint crval, double scale_arcsec = 0.4) {
  double const s = scale_arcsec / 3600.0;
  // Turned by 30°, east to the left.
  return {{1011.25, 702.5}, crval, {-0.866 * s, 0.5 * s, 0.5 * s, 0.866 * s}};
}

std::vector<Point> pixels() {
  std::vector<Point> result;
  for (double const y : {-0.5, 300.25, 702.5, 1360.5}) {
    for (double const x : {-0.5, 511.125, 1011.25, 1700.0, 2047.5}) result.push_back({x, y});
  }
  return result;
}

double distance(Point a, Point b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

/// What one rounding of right ascension and declination in double precision moves, in pixels.
double rounding(SkyPoint sky, Wcs const& wcs) {
  double const scale = wcs.pixel_scale(wcs.crpix());
  constexpr double epsilon = std::numeric_limits<double>::epsilon();
  return 2.0 * epsilon * (std::abs(sky.dec) + sky.ra * std::cos(sky.dec)) / scale;
}

}  // namespace

TEST_CASE("WCS: agrees with wcslib, with and without distortion, at the poles and at 0h") {
  for (SkyPoint const crval :
       {SkyPoint{0.5 * degree, 0.1 * degree}, SkyPoint{0.0, -30.0 * degree},
        SkyPoint{351.65 * degree, 0.1 * degree}, SkyPoint{0.01 * degree, 45.0 * degree},
        SkyPoint{200.0 * degree, 89.98 * degree}, SkyPoint{200.0 * degree, -89.98 * degree},
        SkyPoint{77.0 * degree, 90.0 * degree}, SkyPoint{77.0 * degree, -90.0 * degree}}) {
    for (bool const distorted : {false, true}) {
      Wcs const wcs = distorted ? with_sip(frame(crval)) : frame(crval);
      WcslibOracle oracle(wcs_cards(wcs));
      double const scale = wcs.pixel_scale(wcs.crpix());
      for (Point const p : pixels()) {
        CAPTURE(crval.ra / degree);
        CAPTURE(crval.dec / degree);
        CAPTURE(p.x);
        CAPTURE(p.y);
        SkyPoint const ours = wcs.pixel_to_sky(p);
        // wcslib itself loses a few 1e-15 rad in its spherical rotation.
        CHECK(separation(ours, oracle.pixel_to_sky(p)) / scale < 1e-8);
        CHECK(distance(wcs.sky_to_pixel(ours), oracle.sky_to_pixel(ours)) < 1e-8);
        CHECK(ours.ra >= 0.0);
        CHECK(ours.ra < 2.0 * std::numbers::pi);
      }
    }
  }
}

TEST_CASE("WCS: a round trip returns to the pixel within 1e-10 and the rounding of the sky") {
  for (SkyPoint const crval :
       {SkyPoint{0.5 * degree, 0.1 * degree}, SkyPoint{0.0, -30.0 * degree},
        SkyPoint{351.65 * degree, 0.1 * degree}, SkyPoint{359.99 * degree, 60.0 * degree},
        SkyPoint{200.0 * degree, 89.98 * degree}, SkyPoint{200.0 * degree, -90.0 * degree}}) {
    Wcs const wcs = with_sip(frame(crval));
    for (Point const p : pixels()) {
      CAPTURE(crval.ra / degree);
      CAPTURE(crval.dec / degree);
      CAPTURE(p.x);
      CAPTURE(p.y);
      SkyPoint const sky = wcs.pixel_to_sky(p);
      CHECK(distance(wcs.sky_to_pixel(sky), p) < 1e-10 + rounding(sky, wcs));
    }
  }
  // At small coordinates the sky's rounding is nothing: the inversion alone counts.
  Wcs const wcs = with_sip(frame({0.01, 0.005}));
  for (Point const p : pixels()) {
    CHECK(distance(wcs.sky_to_pixel(wcs.pixel_to_sky(p)), p) < 1e-11);
  }
}

TEST_CASE("WCS: the Jacobian is the derivative, the pixel scale its area on the sphere") {
  Wcs const wcs = with_sip(frame({1.0, 0.4}, 20.0));  // 11° wide: far from flat
  Point const p{1900.0, 100.0};
  double const h = 0.01;
  // Numerical derivatives on the tangent plane, through the undistorted part of the same WCS.
  Wcs const plane({}, wcs.crval(), {1.0, 0.0, 0.0, 1.0});
  auto const tangent = [&](Point q) { return plane.sky_to_pixel(wcs.pixel_to_sky(q)); };
  Point const x1 = tangent({p.x + h, p.y});
  Point const x0 = tangent({p.x - h, p.y});
  Point const y1 = tangent({p.x, p.y + h});
  Point const y0 = tangent({p.x, p.y - h});
  auto const j = wcs.jacobian(p);
  CHECK(j[0] == doctest::Approx((x1.x - x0.x) / (2 * h) * degree).epsilon(1e-7));
  CHECK(j[1] == doctest::Approx((y1.x - y0.x) / (2 * h) * degree).epsilon(1e-7));
  CHECK(j[2] == doctest::Approx((x1.y - x0.y) / (2 * h) * degree).epsilon(1e-7));
  CHECK(j[3] == doctest::Approx((y1.y - y0.y) / (2 * h) * degree).epsilon(1e-7));

  // The area from right ascension and declination themselves: dΩ = cos δ dα dδ.
  SkyPoint const sx1 = wcs.pixel_to_sky({p.x + h, p.y});
  SkyPoint const sx0 = wcs.pixel_to_sky({p.x - h, p.y});
  SkyPoint const sy1 = wcs.pixel_to_sky({p.x, p.y + h});
  SkyPoint const sy0 = wcs.pixel_to_sky({p.x, p.y - h});
  double const area =
      std::cos(wcs.pixel_to_sky(p).dec) *
      std::abs((sx1.ra - sx0.ra) * (sy1.dec - sy0.dec) - (sy1.ra - sy0.ra) * (sx1.dec - sx0.dec)) /
      (4 * h * h);
  CHECK(wcs.pixel_scale(p) == doctest::Approx(std::sqrt(area)).epsilon(1e-7));
}

TEST_CASE("WCS: a shifted one sees the same sky") {
  Wcs const wcs = with_sip(frame({2.0, -0.3}));
  Wcs const part = wcs.shifted({100, 250});
  CHECK(separation(part.pixel_to_sky({0.0, 0.0}), wcs.pixel_to_sky({100.0, 250.0})) < 1e-15);
  CHECK(part.shifted({-100, -250}) == wcs);
}

TEST_CASE("WCS: positions that no pixel sees are refused") {
  Wcs const wcs = with_sip(frame({2.0, 0.5}));
  CHECK_THROWS_AS(wcs.sky_to_pixel({2.0 + std::numbers::pi, 0.1}), DataError);
  CHECK_THROWS_AS(wcs.sky_to_pixel({2.0, 0.5 - 1.6}), DataError);
  CHECK_THROWS_AS(wcs.sky_to_pixel({std::nan(""), 0.5}), DataError);
  // A distortion that folds: u - 1e-3 u² never reaches more than 250 pixels.
  Wcs folding = frame({2.0, 0.5});
  SipPolynomial a(2);
  a.at(2, 0) = -1e-3;
  folding.set_sip(a, {}, {}, {});
  Point const inside{folding.crpix().x + 400.0, 0.0};
  CHECK(distance(folding.sky_to_pixel(folding.pixel_to_sky(inside)), inside) < 1e-7);
  SkyPoint const beyond = frame({2.0, 0.5}).pixel_to_sky({folding.crpix().x + 300.0, 0.0});
  CHECK_THROWS_AS(folding.sky_to_pixel(beyond), DataError);
}

TEST_CASE("WCS: a singular or infinite one cannot be made") {
  CHECK_THROWS_AS(Wcs({0, 0}, {0, 0}, {1.0, 2.0, 2.0, 4.0}), DataError);
  CHECK_THROWS_AS(Wcs({0, 0}, {0, std::nan("")}, {1.0, 0.0, 0.0, 1.0}), DataError);
  CHECK_THROWS_AS(SipPolynomial(10), DataError);
  CHECK_THROWS_AS(SipPolynomial(-1), DataError);
}

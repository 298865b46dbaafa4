#include <cmath>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "almagest/error.hpp"
#include "almagest/wcs.hpp"

using namespace almagest;

namespace {

constexpr double degree = radians_per_degree;
constexpr Box frame{0, 0, 2048, 1361};

template <class Truth>
std::vector<WcsControlPoint> grid(Truth const& truth, double step = 100.0) {
  std::vector<WcsControlPoint> points;
  for (double y = 0.0; y < frame.height; y += step) {
    for (double x = 0.0; x < frame.width; x += step) points.push_back({{x, y}, truth({x, y})});
  }
  return points;
}

/// The largest distance from a truth over the frame, between the control points [arcsec].
template <class Truth>
double worst(Wcs const& wcs, Truth const& truth) {
  double result = 0.0;
  for (double y = 0.0; y < frame.height; y += 77.0) {
    for (double x = 0.0; x < frame.width; x += 77.0) {
      result = std::max(result, separation(wcs.pixel_to_sky({x, y}), truth({x, y})));
    }
  }
  return result / radians_per_arcsec;
}

Wcs distorted(SkyPoint crval) {
  Wcs wcs({900.0, 600.0}, crval, {-1.0e-4, 2.0e-5, 2.1e-5, 1.1e-4});
  SipPolynomial a(3);
  SipPolynomial b(3);
  a.at(2, 0) = 2e-6;
  a.at(0, 3) = -3e-10;
  b.at(1, 1) = -4e-6;
  b.at(2, 1) = 5e-10;
  wcs.set_sip(a, b, {}, {});
  return wcs;
}

}  // namespace

TEST_CASE("WCS fit: a TAN-SIP sky is recovered, at 0h, at the pole and at the equator") {
  for (SkyPoint const crval : {SkyPoint{0.0, 0.3}, SkyPoint{351.6 * degree, 0.1 * degree},
                               SkyPoint{3.0, 89.99 * degree}, SkyPoint{1.0, -90.0 * degree}}) {
    Wcs const truth = distorted(crval);
    auto const sky = [&](Point p) { return truth.pixel_to_sky(p); };
    WcsFit const fit = fit_wcs(grid(sky), frame, 4);
    CHECK(worst(fit.wcs, sky) < 1e-6);  // another tangent point: no longer a cubic, yet nearly
    CHECK(fit.rms_arcsec < 1e-6);
    CHECK(fit.maximum_arcsec >= fit.rms_arcsec);
    // SIP's own form: nothing below the quadratic terms, and no shift at the reference pixel.
    for (auto const& [i, j] : {std::pair{0, 0}, {1, 0}, {0, 1}}) {
      CHECK(fit.wcs.sip_a().at(i, j) == 0.0);
      CHECK(fit.wcs.sip_b().at(i, j) == 0.0);
    }
    // The reverse polynomials by themselves, as DS9 uses them.
    for (Point const p : {Point{0.0, 0.0}, Point{2047.0, 1360.0}, Point{1500.0, 20.0}}) {
      double const u = p.x - fit.wcs.crpix().x;
      double const v = p.y - fit.wcs.crpix().y;
      double const uu = u + fit.wcs.sip_a()(u, v);
      double const vv = v + fit.wcs.sip_b()(u, v);
      CHECK(uu + fit.wcs.sip_reverse_a()(uu, vv) == doctest::Approx(u).epsilon(1e-6));
      CHECK(vv + fit.wcs.sip_reverse_b()(uu, vv) == doctest::Approx(v).epsilon(1e-6));
    }
  }
}

TEST_CASE("WCS fit: SDSS great-circle coordinates become TAN-SIP to a micro-arcsecond") {
  // The transformation of the science document, section 1 (asTrans): drift-scan coordinates mu, nu
  // with cubic distortion along the columns; inclination and node of stripe 10.
  double const node = 95.0 * degree;
  double const incl = 0.02 * degree;
  auto const sky = [&](Point p) {
    double const x = p.x + 0.5;
    double const row = p.y + 0.5 + 0.3 - 4e-4 * x + 2e-7 * x * x;
    double const column = x - 0.2 + 3e-4 * x - 5e-7 * x * x + 2e-10 * x * x * x;
    double const mu = (351.5 + 1.1e-4 * row - 2e-8 * column) * degree;
    double const nu = (0.05 + 1e-8 * row + 1.1e-4 * column) * degree;
    double const x2 = std::cos(mu - node) * std::cos(nu);
    double const y2 = std::sin(mu - node) * std::cos(nu);
    double const z2 = std::sin(nu);
    return SkyPoint{std::atan2(y2 * std::cos(incl) - z2 * std::sin(incl), x2) + node,
                    std::asin(y2 * std::sin(incl) + z2 * std::cos(incl))};
  };
  WcsFit const fit = fit_wcs(grid(sky, 50.0), frame, 4);
  CHECK(worst(fit.wcs, sky) < 1e-6);
  CHECK(worst(fit_wcs(grid(sky, 50.0), frame, 0).wcs, sky) > 1e-3);  // not a plain TAN
}

TEST_CASE("WCS fit: a plain TAN has no SIP and is exact") {
  Wcs const truth({300.0, 200.0}, {2.0, -0.7}, {1e-4, 3e-6, -2e-6, 1.2e-4});
  auto const sky = [&](Point p) { return truth.pixel_to_sky(p); };
  for (int const order : {0, 1}) {
    // A gnomonic plane seen from another tangent point is not affine: keep the same one.
    std::vector<WcsControlPoint> points;
    for (double const dx : {-300.0, 300.0}) {
      for (double const dy : {-200.0, 200.0}) {
        points.push_back({{300.0 + dx, 200.0 + dy}, sky({300.0 + dx, 200.0 + dy})});
      }
    }
    WcsFit const fit = fit_wcs(points, {0, 0, 600, 400}, order);
    CHECK_FALSE(fit.wcs.has_sip());
    CHECK(fit.maximum_arcsec < 1e-9);
    CHECK(fit.wcs.cd()[3] == doctest::Approx(1.2e-4).epsilon(1e-9));
  }
}

TEST_CASE("WCS fit: weights count, a point without weight does not") {
  Wcs const truth = distorted({2.0, 0.3});
  auto points = grid([&](Point p) { return truth.pixel_to_sky(p); });
  points[7].sky.dec += 0.1;
  points[7].weight = 0.0;
  CHECK(fit_wcs(points, frame, 4).maximum_arcsec < 1e-6);
  points[7].weight = 1e-3;
  CHECK(fit_wcs(points, frame, 4).maximum_arcsec > 1.0);
}

TEST_CASE("WCS fit: noise averages as least squares should") {
  // Theory: with n points of σ per axis and m terms, the residual's mean square is 2σ²(1 − m/n).
  Wcs const truth = distorted({2.0, 0.3});
  auto points = grid([&](Point p) { return truth.pixel_to_sky(p); }, 40.0);
  std::mt19937 generator(3);
  std::normal_distribution<double> noise(0.0, 0.05 * radians_per_arcsec);
  for (auto& p : points) {
    p.sky.dec += noise(generator);
    p.sky.ra += noise(generator) / std::cos(p.sky.dec);
  }
  double const n = static_cast<double>(points.size());
  CHECK(fit_wcs(points, frame, 3).rms_arcsec ==
        doctest::Approx(0.05 * std::sqrt(2.0 * (1.0 - 10.0 / n))).epsilon(0.05));
}

TEST_CASE("WCS fit: what does not determine a WCS is refused") {
  Wcs const truth = distorted({2.0, 0.3});
  std::vector<WcsControlPoint> line;
  for (int k = 0; k < 40; ++k) {
    Point const p{20.0 * k, 10.0 * k};
    line.push_back({p, truth.pixel_to_sky(p)});
  }
  CHECK_THROWS_AS(fit_wcs(line, frame, 0), DataError);
  CHECK_THROWS_AS(fit_wcs(line, frame, 3), DataError);
  auto points = grid([&](Point p) { return truth.pixel_to_sky(p); });
  CHECK_THROWS_AS(fit_wcs(std::span(points).first(9), frame, 3), DataError);  // ten terms
  CHECK_THROWS_AS(fit_wcs({}, frame, 0), DataError);
  CHECK_THROWS_AS(fit_wcs(points, frame, 7), DataError);
  CHECK_THROWS_AS(fit_wcs(points, Box{}, 3), DataError);
  auto same = points;
  for (auto& p : same) p.sky = {1.0, 1.0};  // one place on the sky for all pixels
  CHECK_THROWS_AS(fit_wcs(same, frame, 3), DataError);
  points[3].sky.ra = std::nan("");
  CHECK_THROWS_AS(fit_wcs(points, frame, 3), DataError);
}

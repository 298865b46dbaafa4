#include "kron.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "ellipse.hpp"
#include "test_field.hpp"

using namespace almagest;
using measurement::ellipse_flux;
using measurement::EllipseFlux;
using measurement::kron_radius;
using test_field::add_gaussian;
using test_field::constant;

namespace {

constexpr Box frame{-20, 10, 120, 110};
Point const centre{40.3, 63.8};
Quadrupole const round_moments{6.25, 6.25, 0.0}, tilted{9.0, 4.0, 2.0};

double area_radius(Quadrupole const& q) {
  return q.determinant_radius();
}

}  // namespace

TEST_CASE("Kron radius: sqrt(pi/2) sigma for Gaussians, round and elliptical") {
  for (Quadrupole const& q : {round_moments, tilted}) {
    Image<float> image(frame);
    add_gaussian(image, centre, q, 1e5);
    auto const radius = kron_radius(image, centre, q, 6.0, 200.0).radius;
    REQUIRE(radius);
    CHECK(*radius ==
          doctest::Approx(std::sqrt(std::numbers::pi / 2.0) * area_radius(q)).epsilon(0.005));
  }
}

TEST_CASE("Kron radius: twice the scale length of an exponential disc (Graham & Driver 2005)") {
  Image<float> image(Box{0, 0, 161, 161});
  for (int y = 0; y < 161; ++y)
    for (int x = 0; x < 161; ++x)
      image(x, y) = static_cast<float>(100.0 * std::exp(-std::hypot(x - 80.0, y - 80.0) / 6.0));
  // Followed to 6 sigma of moments 3 h²; beyond lie 0.2 % of the light and 1 % of its moment.
  auto const radius = kron_radius(image, {80.0, 80.0}, {108.0, 108.0, 0.0}, 7.0, 200.0).radius;
  REQUIRE(radius);
  CHECK(*radius == doctest::Approx(12.0).epsilon(0.01));
}

TEST_CASE("Kron radius: none without light, without an ellipse, and outside the image") {
  Image<float> const dark(frame);
  CHECK_FALSE(kron_radius(dark, centre, round_moments, 6.0, 200.0).radius);
  CHECK_FALSE(kron_radius(constant(frame, -1.0), centre, round_moments, 6.0, 200.0).radius);
  auto const flat = constant(frame, 1.0);
  double const nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(kron_radius(flat, centre, {1.0, 1.0, 2.0}, 6.0, 200.0).radius);
  CHECK_FALSE(kron_radius(flat, centre, {nan, nan, nan}, 6.0, 200.0).radius);
  CHECK_FALSE(kron_radius(flat, {nan, 3.0}, round_moments, 6.0, 200.0).radius);
  CHECK_FALSE(kron_radius(flat, {4000.0, 3.0}, round_moments, 6.0, 200.0).radius);
}

TEST_CASE("Kron radius: pixels that are not numbers are left out") {
  Image<float> image(frame);
  add_gaussian(image, centre, round_moments, 1e5);
  image.at({44, 60}) = std::numeric_limits<float>::quiet_NaN();
  auto const found = kron_radius(image, centre, round_moments, 6.0, 200.0);
  CHECK(*found.radius == doctest::Approx(1.2533 * 2.5).epsilon(0.01));
  CHECK(found.bad_pixels);
}

TEST_CASE("ellipse flux: the area, and the error of as many pixels") {
  auto const image = constant(frame, 2.0), variance = constant(frame, 9.0);
  for (double const radius : {1.5, 4.0, 11.0}) {
    EllipseFlux const result = ellipse_flux(image, variance, centre, tilted, radius);
    double const area = std::numbers::pi * radius * radius;
    CHECK(result.flux == doctest::Approx(2.0 * area).epsilon(radius < 2.0 ? 0.02 : 0.004));
    // Pixels on the edge count in part, and the error takes the square of the part.
    CHECK(result.error < 3.0 * std::sqrt(area));
    CHECK(result.error > 3.0 * std::sqrt(area) * (radius < 2.0 ? 0.8 : 0.93));
    CHECK_FALSE(result.truncated);
  }
}

TEST_CASE("ellipse flux: 2.5 Kron radii hold 99.26 % of a Gaussian") {
  Image<float> image(frame);
  add_gaussian(image, centre, tilted, 1e5);
  double const radius = 2.5 * std::sqrt(std::numbers::pi / 2.0) * area_radius(tilted);
  EllipseFlux const result = ellipse_flux(image, constant(frame, 1.0), centre, tilted, radius);
  double const inside = 1.0 - std::exp(-0.5 * 6.25 * std::numbers::pi / 2.0);
  CHECK(result.flux == doctest::Approx(1e5 * inside).epsilon(1e-3));
}

TEST_CASE("ellipse flux: cut by the image's side, and pixels that are not numbers") {
  auto image = constant(frame, 1.0);
  auto const variance = constant(frame, 1.0);
  EllipseFlux const cut = ellipse_flux(image, variance, {-17.0, 60.0}, round_moments, 5.0);
  CHECK(cut.truncated);
  CHECK(std::isnan(cut.flux));
  CHECK(std::isnan(cut.error));
  image.at({40, 64}) = std::numeric_limits<float>::infinity();
  EllipseFlux const holed = ellipse_flux(image, variance, centre, round_moments, 5.0);
  CHECK(holed.bad_pixels);
  CHECK(holed.flux == doctest::Approx(std::numbers::pi * 25.0 - 1.0).epsilon(0.01));
}

TEST_CASE("Kron radius: none beyond where light was followed") {
  // Where negative pixels cancel the positive ones, Σrd/Σd has no limit.
  Image<float> image(frame);
  image.at({40, 64}) = -1000.0F;
  image.at({50, 64}) = 1000.1F;
  CHECK_FALSE(kron_radius(image, centre, round_moments, 6.0, 200.0).radius);
  image.at({40, 64}) = -100.0F;
  CHECK(kron_radius(image, centre, round_moments, 6.0, 200.0).radius);
}

TEST_CASE("ellipse flux: an ellipse of any size or place is cut by the image's side") {
  auto const image = constant(frame, 1.0), variance = constant(frame, 1.0);
  for (double const radius : {1e5, 1e12, 1e300}) {
    EllipseFlux const result = ellipse_flux(image, variance, centre, tilted, radius);
    CHECK(result.truncated);
    CHECK(std::isnan(result.flux));
  }
  CHECK(ellipse_flux(image, variance, {1e15, -1e15}, tilted, 3.0).truncated);
  CHECK(ellipse_flux(image, variance, centre, {1e200, 1e100, 0.0}, 3.0).truncated);
}

TEST_CASE("ellipse: its pixels in a frame, however large it is") {
  auto const ellipse = measurement::Ellipse::make(centre, round_moments, 4.0, 1e9);
  CHECK(ellipse->bbox(frame) == Box::from_corners(31, 54, 50, 73));
  CHECK(ellipse->within(frame));
  auto const huge = measurement::Ellipse::make(centre, {1e30, 1e30, 0.0}, 4.0, 1e40);
  CHECK(huge->bbox(frame) == frame);
  CHECK_FALSE(huge->within(frame));
  CHECK(measurement::Ellipse::make({-1e30, 0.0}, round_moments, 4.0, 9.0)->bbox(frame).empty());
}

#include "surroundings.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "almagest/error.hpp"

#include "naive_centroid.hpp"
#include "test_field.hpp"

using namespace almagest;
using namespace measurement;
using test_field::constant;

namespace {

constexpr Box frame{5, 0, 80, 60};
Point const centre{44.0, 30.0};

Image<float> plane() {
  Image<float> image(frame);
  for (int y = frame.y0; y <= frame.y1(); ++y)
    for (int x = frame.x0; x <= frame.x1(); ++x)
      image.at({x, y}) = static_cast<float>(100.0 + 0.5 * (x - 44) - 0.25 * (y - 30));
  return image;
}

}  // namespace

TEST_CASE("ring: a plane has its value at the centre, and the ring's scatter") {
  Mask const mask(frame);
  ClippedStatistics const sky = ring_level(plane(), mask, 0, centre, 7.0, 15.0);
  CHECK(sky.mean == doctest::Approx(100.0).epsilon(1e-6));
  // ⟨x²⟩ of a ring is (R1² + R2²)/4 along each axis.
  double const scatter = std::sqrt((0.25 + 0.0625) * (49.0 + 225.0) / 4.0);
  CHECK(sky.scatter == doctest::Approx(scatter).epsilon(0.01));
  CHECK(sky.count == doctest::Approx(3.14159 * (225.0 - 49.0)).epsilon(0.02));
}

TEST_CASE("ring: masked pixels, pixels that are not numbers, and the source do not count") {
  auto image = constant(frame, 10.0);
  Mask mask(frame);
  MaskPixel const bad = mask.bits({"BAD", "SAT"});
  for (int y = 28; y <= 32; ++y)
    for (int x = 42; x <= 46; ++x) image.at({x, y}) = 1e5F;
  for (int y = 20; y <= 40; ++y)
    for (int x = 52; x <= 58; ++x) {
      image.at({x, y}) = 1e4F;
      mask.image().at({x, y}) = mask.bit("SAT");
    }
  image.at({34, 30}) = std::numeric_limits<float>::quiet_NaN();
  ClippedStatistics const sky = ring_level(image, mask, bad, centre, 7.0, 15.0);
  CHECK(sky.mean == 10.0);
  CHECK(sky.scatter == 0.0);

  for (MaskPixel& pixel : mask.image().pixels()) pixel = mask.bit("BAD");
  CHECK_THROWS_AS(ring_level(image, mask, bad, centre, 7.0, 15.0), MeasurementError);
  CHECK_THROWS_AS(ring_level(image, mask, bad, {1e6, 0.0}, 7.0, 15.0), MeasurementError);
  double const nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_AS(ring_level(image, mask, bad, {nan, 0.0}, 7.0, 15.0), MeasurementError);
}

TEST_CASE("median variance: of the pixels in the ellipse that no plane claims") {
  auto variance = constant(frame, 4.0);
  Mask mask(frame);
  MaskPixel const detected = mask.bit("DETECTED");
  for (int y = 25; y <= 35; ++y)
    for (int x = 39; x <= 49; ++x) {
      variance.at({x, y}) = 100.0F;
      mask.image().at({x, y}) = detected;
    }
  Quadrupole const q{4.0, 2.25, 0.5};
  CHECK(median_variance(variance, mask, detected, centre, q, 5.0, 100.0) == 4.0);
  CHECK(median_variance(variance, mask, 0, centre, q, 1.0, 100.0) == 100.0);
  CHECK_THROWS_AS(median_variance(variance, mask, detected, centre, q, 1.0, 100.0),
                  MeasurementError);
  CHECK_THROWS_AS(median_variance(variance, mask, 0, centre, {1.0, 1.0, -1.0}, 5.0, 100.0),
                  MeasurementError);
}

TEST_CASE("naive centroid: first moments of 3 x 3 pixels (by hand)") {
  Image<float> image(frame);
  image.at({44, 30}) = 6.0F;
  image.at({45, 30}) = 3.0F;
  image.at({44, 29}) = 1.0F;
  NaiveCentroidResult const found = naive_centroid(image, {44, 30}, 0.0);
  CHECK(found.problem == NaiveCentroidProblem::none);
  CHECK(found.position.x == doctest::Approx(44.3));
  CHECK(found.position.y == doctest::Approx(29.9));
  CHECK(naive_centroid(image, {44, 30}, 0.5).position.x == doctest::Approx(44.0 + 3.0 / 5.5));
}

TEST_CASE("naive centroid: at the side, without light, with a pixel that is not a number") {
  auto image = constant(frame, 0.0);
  CHECK(naive_centroid(image, {5, 30}, 0.0).problem == NaiveCentroidProblem::edge);
  NaiveCentroidResult const dark = naive_centroid(image, {44, 30}, 0.0);
  CHECK(dark.problem == NaiveCentroidProblem::no_counts);
  CHECK(dark.position == Point{44.0, 30.0});
  image.at({44, 31}) = std::numeric_limits<float>::quiet_NaN();
  CHECK(naive_centroid(image, {44, 30}, 0.0).problem == NaiveCentroidProblem::no_counts);
}

#include "almagest/moments.hpp"

#include <doctest/doctest.h>

#include "almagest/error.hpp"

using namespace almagest;

namespace {

/// A Gaussian of the given covariance, sampled at pixel centres.
Image<double> gaussian(Quadrupole const& q, Point centre, int half) {
  Image<double> image(Box{-half, -half, 2 * half + 1, 2 * half + 1});
  for (int y = -half; y <= half; ++y) {
    for (int x = -half; x <= half; ++x) {
      double const dx = x - centre.x;
      double const dy = y - centre.y;
      double const e = (q.yy * dx * dx + q.xx * dy * dy - 2.0 * q.xy * dx * dy) / q.determinant();
      image.at({x, y}) = 7.0 * std::exp(-0.5 * e);
    }
  }
  return image;
}

}  // namespace

TEST_CASE("adaptive moments: a well-sampled Gaussian gives its own covariance") {
  // Theory: a Gaussian is the fixed point of the iteration; the sampling error of σ > 1.2 pixel is
  // below the convergence tolerance.
  Quadrupole const truth{2.5, 4.0, -0.8};
  Point const centre{0.3, -0.4};
  Quadrupole const measured = adaptive_moments(gaussian(truth, centre, 20), centre);
  CHECK(measured.xx == doctest::Approx(truth.xx).epsilon(2e-4));
  CHECK(measured.yy == doctest::Approx(truth.yy).epsilon(2e-4));
  CHECK(measured.xy == doctest::Approx(truth.xy).epsilon(5e-4));
  CHECK(measured.determinant_radius() ==
        doctest::Approx(std::pow(2.5 * 4.0 - 0.64, 0.25)).epsilon(2e-4));
}

TEST_CASE("adaptive moments: the centre stays where it was given") {
  // Taken d off the true centre, a Gaussian's adaptive moments grow: the weight sees the light
  // displaced. For small d the fixed point is Q = q + d² (to first order in d²).
  Quadrupole const truth{4.0, 4.0, 0.0};
  Quadrupole const measured = adaptive_moments(gaussian(truth, {}, 25), {0.2, 0.0});
  CHECK(measured.xx > measured.yy);
  CHECK(measured.xx == doctest::Approx(4.0 + 0.04).epsilon(2e-3));
}

TEST_CASE("adaptive moments: a source narrower than a pixel is sampled within the pixel") {
  // The fixed point for σ = 0.45 pixel, computed with numpy: every pixel split 4 × 4, a pixel left
  // out where its farthest corner has xᵀQ⁻¹x > 9 (here all but the central one).
  Quadrupole const measured = adaptive_moments(gaussian({0.2025, 0.2025, 0.0}, {}, 10), {});
  CHECK(measured.xx == doctest::Approx(0.125829).epsilon(2e-3));
  CHECK(measured.xx == doctest::Approx(measured.yy));
}

TEST_CASE("adaptive moments: what cannot be measured is refused") {
  Image<double> image(Box{-5, -5, 11, 11});
  CHECK_THROWS_AS(adaptive_moments(image, {}), MeasurementError);
  CHECK_THROWS_AS(adaptive_moments(image, {40.0, 0.0}), MeasurementError);
  CHECK_THROWS_AS(adaptive_moments(image, {std::nan(""), 0.0}), MeasurementError);
  image.at({0, 0}) = 1.0;  // a single lit pixel has no extent
  CHECK_THROWS_AS(adaptive_moments(image, {}), MeasurementError);
  for (double& v : image.pixels()) v = std::nan("");
  CHECK_THROWS_AS(adaptive_moments(image, {}), MeasurementError);
}

#include "peak_centroid.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "almagest/psf.hpp"

#include "test_field.hpp"

using namespace almagest;
using namespace measurement;

namespace {

constexpr double sigma = 1.4;  // of the PSF, pixel
Quadrupole const round_psf{sigma * sigma, sigma* sigma, 0.0};
Box const frame{100, 200, 81, 71};

PeakCentroid centroid_of(Image<float> const& image, Pixel start, double variance = 9.0) {
  return peak_centroid(image, test_field::constant(image.bbox(), variance), start,
                       GaussianPsf(sigma, 21).kernel({}), sigma);
}

}  // namespace

TEST_CASE(
    "centroid: a star without noise is found to a hundredth of a pixel anywhere in its pixel") {
  for (double const dx : {-0.5, -0.3, 0.0, 0.1, 0.4})
    for (double const dy : {-0.45, 0.0, 0.25}) {
      Image<float> image(frame);
      test_field::add_gaussian(image, {140 + dx, 235 + dy}, round_psf, 1e5);
      PeakCentroid const found = centroid_of(image, {140, 235});
      CHECK(found.problem == CentroidProblem::none);
      CHECK(std::abs(found.position.x - 140 - dx) < 0.01);
      CHECK(std::abs(found.position.y - 235 - dy) < 0.01);
    }
}

TEST_CASE("centroid: positions scatter as the errors say, and as theory allows") {
  std::mt19937 generator(3);
  constexpr double noise = 3.0, flux = 1500.0;
  test_field::Moments pull_x, pull_y, error;
  for (int i = 0; i < 300; ++i) {
    Image<float> image(Box{0, 0, 41, 41});
    test_field::add_gaussian(image, {20.2, 19.9}, round_psf, flux);
    test_field::add_noise(image, noise, generator);
    PeakCentroid const found = centroid_of(image, {20, 20}, noise * noise);
    REQUIRE(found.problem == CentroidProblem::none);
    pull_x.add((found.position.x - 20.2) / found.x_error);
    pull_y.add((found.position.y - 19.9) / found.y_error);
    error.add(found.x_error);
  }
  // Cramér-Rao bound of a Gaussian of known width: noise·√(8π)·sigma²/flux.
  double const bound = noise * std::sqrt(8.0 * std::numbers::pi) * sigma * sigma / flux;
  CHECK(error.mean() == doctest::Approx(bound).epsilon(0.1));
  CHECK(std::abs(pull_x.mean()) < 0.25);
  CHECK(std::abs(pull_y.mean()) < 0.25);
  CHECK(pull_x.scatter() == doctest::Approx(1.0).epsilon(0.15));
  CHECK(pull_y.scatter() == doctest::Approx(1.0).epsilon(0.15));
}

TEST_CASE("centroid: a wide source is binned, and its position stays right") {
  Image<float> image(Box{0, 0, 400, 400});
  test_field::add_gaussian(image, {200.3, 199.6}, {100.0, 36.0, 10.0}, 1e6);
  PeakCentroid const found = centroid_of(image, {200, 200});
  CHECK(found.problem == CentroidProblem::none);
  CHECK(std::abs(found.position.x - 200.3) < 0.1);
  CHECK(std::abs(found.position.y - 199.6) < 0.1);
}

TEST_CASE("centroid: a binned source scatters as its errors say, not as a pixel's variance does") {
  std::mt19937 generator(5);
  auto const kernel = GaussianPsf(sigma, 21).kernel({});
  test_field::Moments pull, inflated;
  for (int i = 0; i < 100; ++i) {
    Image<float> image(Box{0, 0, 181, 181});
    test_field::add_gaussian(image, {90.2, 89.9}, {9.0, 9.0, 0.0}, 8000.0);
    test_field::add_noise(image, 3.0, generator);
    Image<float> const variance = test_field::constant(image.bbox(), 9.0);
    PeakCentroid const found = peak_centroid(image, variance, {90, 90}, kernel, sigma);
    PeakCentroid const stack = peak_centroid(image, variance, {90, 90}, kernel, sigma, true);
    REQUIRE(found.problem == CentroidProblem::none);
    CHECK(stack.position == found.position);
    pull.add((found.position.x - 90.2) / found.x_error);
    inflated.add((stack.position.x - 90.2) / stack.x_error);
  }
  CHECK(pull.scatter() == doctest::Approx(0.9).epsilon(0.25));
  CHECK(inflated.scatter() == doctest::Approx(0.5 * pull.scatter()).epsilon(0.1));  // bins of 2
}

TEST_CASE("centroid: what cannot be measured stays at the peak and says why") {
  auto const problem = [](Image<float> const& image, Pixel start) {
    PeakCentroid const found = centroid_of(image, start);
    CHECK(found.position == Point{double(start.x), double(start.y)});
    CHECK(std::isnan(found.x_error));
    return found.problem;
  };
  Image<float> image(frame);
  test_field::add_gaussian(image, {140, 235}, round_psf, 1e5);
  // A stamp needs (21 + 4)/2 = 12 pixels to each side.
  CHECK(problem(image, {111, 235}) == CentroidProblem::edge);
  CHECK(problem(image, {140, 259}) == CentroidProblem::edge);
  CHECK(centroid_of(image, {112, 235}).problem != CentroidProblem::edge);

  CHECK(problem(Image<float>(frame), {140, 235}) == CentroidProblem::no_second_derivative);
  Image<float> hole(frame);
  test_field::add_gaussian(hole, {140, 235}, round_psf, -1e5);
  CHECK(problem(hole, {140, 235}) == CentroidProblem::not_at_maximum);
}

TEST_CASE("centroid: a NaN pixel in the wing does not spoil it") {
  Image<float> image(frame);
  test_field::add_gaussian(image, {140.2, 235.1}, round_psf, 1e5);
  image.at({146, 235}) = std::numeric_limits<float>::quiet_NaN();
  PeakCentroid const found = centroid_of(image, {140, 235});
  CHECK(found.problem == CentroidProblem::none);
  CHECK(std::abs(found.position.x - 140.2) < 0.02);
  CHECK(found.x_error > 0.0);
}

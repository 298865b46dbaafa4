#include "clipped_mode.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "almagest/error.hpp"

using photometry::ClippedMedian;
using photometry::histogram_mode;
using photometry::median_within_scatter;

namespace {

std::vector<double> gaussian(std::size_t n, double mean, double sigma, unsigned seed = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal(mean, sigma);
  std::vector<double> values(n);
  for (double& v : values) v = normal(generator);
  return values;
}

}  // namespace

TEST_CASE("zero point: the mode of a Gaussian, and its width") {
  auto const mode = histogram_mode(gaussian(20000, 28.0, 0.02));
  // A bin is 20 % of the half-width: 8 sigma in 20 bins.
  CHECK(mode.value == doctest::Approx(28.0).epsilon(3e-4));
  CHECK(mode.sigma == doctest::Approx(0.02).epsilon(0.25));
}

TEST_CASE("zero point: galaxies and variables on one side do not move the median") {
  std::vector<double> values = gaussian(60, 28.0, 0.02, 3);
  for (double const outlier : {27.1, 27.3, 27.4, 27.5, 27.55, 27.6, 27.7, 27.7, 27.8, 27.85})
    values.push_back(outlier);
  ClippedMedian const found = median_within_scatter(values, 0.25);
  CHECK(std::abs(found.value - 28.0) < 3.0 * 1.25 * 0.02 / std::sqrt(60.0));
  CHECK(found.sigma == doctest::Approx(0.02).epsilon(0.35));
  CHECK(found.count >= 57);
  for (std::size_t i = 60; i < values.size(); ++i) CHECK_FALSE(found.kept[i]);
}

TEST_CASE("zero point: few, equal, and widely spread values") {
  std::vector<double> const one{28.0}, equal(7, 28.0), two{27.0, 29.0},
      spread{20.0, 22.0, 24.0, 26.0, 28.0, 30.0};
  CHECK(median_within_scatter(one, 0.25).value == 28.0);
  CHECK(median_within_scatter(equal, 0.25).sigma == 0.0);
  CHECK(median_within_scatter(equal, 0.25).count == 7);
  CHECK(median_within_scatter(two, 0.25).value == doctest::Approx(28.0));
  CHECK(median_within_scatter(spread, 0.25).sigma > 1.0);
  CHECK_THROWS_AS(median_within_scatter({}, 0.25), almagest::MeasurementError);
}

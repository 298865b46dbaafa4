#include "error_clipping.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "almagest/error.hpp"

using photometry::ClippedMedian;
using photometry::ExcessLimits;
using photometry::median_within_errors;

namespace {

constexpr ExcessLimits limits;

/// Zero points of stars from bright to faint, as a frame has them.
struct Stars {
  std::vector<double> values, errors;
  Stars(std::size_t n, double excess, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<double> normal;
    for (std::size_t i = 0; i < n; ++i) {
      // Twice as many per magnitude: most are faint.
      errors.push_back(0.002 * std::pow(50.0, static_cast<double>(i) / static_cast<double>(n)));
      values.push_back(28.0 + std::hypot(errors.back(), excess) * normal(generator));
    }
  }
};

}  // namespace

TEST_CASE("zero point: stars of all errors are kept, 99.7 % of them") {
  std::size_t kept = 0;
  for (unsigned seed = 1; seed <= 50; ++seed) {
    Stars const stars(80, 0.015, seed);
    kept += median_within_errors(stars.values, stars.errors, limits).count;
  }
  CHECK(kept > 3920);  // 98 % of 4000: the excess is itself measured
}

TEST_CASE("zero point: its error is what its scatter from field to field shows") {
  for (double const excess : {0.01, 0.03}) {
    double squares = 0.0, promised = 0.0;
    constexpr unsigned fields = 400;
    for (unsigned seed = 1; seed <= fields; ++seed) {
      Stars const stars(80, excess, seed);
      ClippedMedian const found = median_within_errors(stars.values, stars.errors, limits);
      squares += (found.value - 28.0) * (found.value - 28.0) / fields;
      promised += found.error * found.error / fields;
    }
    CHECK(std::sqrt(squares / promised) == doctest::Approx(1.0).epsilon(0.12));
  }
}

TEST_CASE("zero point: errors that are stated too large make it no less certain") {
  Stars stars(400, 0.01, 3);
  ClippedMedian const before = median_within_errors(stars.values, stars.errors, limits);
  for (double& e : stars.errors) e *= 3.0;
  ClippedMedian const after = median_within_errors(stars.values, stars.errors, {0.03, 0.25});
  CHECK(after.error == doctest::Approx(before.error).epsilon(0.1));
}

TEST_CASE("zero point: what scatters beyond the errors is measured") {
  Stars const stars(4000, 0.03, 1);
  ClippedMedian const found = median_within_errors(stars.values, stars.errors, limits);
  CHECK(found.excess == doctest::Approx(0.03).epsilon(0.1));
  Stars const calm(4000, 0.0, 2);
  CHECK(median_within_errors(calm.values, calm.errors, limits).excess == limits.smallest);
}

TEST_CASE("zero point: outliers on one side do not move it, a faint star off by as much may") {
  Stars stars(80, 0.01, 5);
  double const before = median_within_errors(stars.values, stars.errors, limits).value;
  for (int i = 0; i < 12; ++i) {
    stars.values.push_back(27.0 + 0.07 * i);
    stars.errors.push_back(0.01);
  }
  stars.values.push_back(27.8);
  stars.errors.push_back(0.15);
  ClippedMedian const found = median_within_errors(stars.values, stars.errors, limits);
  CHECK(std::abs(found.value - before) < 0.002);
  CHECK(std::none_of(found.kept.begin() + 80, found.kept.begin() + 92, [](bool k) { return k; }));
  CHECK(found.kept[92]);
}

TEST_CASE("zero point: few, equal, and widely spread values with errors") {
  std::vector<double> const one{28.0}, equal(7, 28.0), two{27.0, 29.0},
      spread{20.0, 22.0, 24.0, 26.0, 28.0, 30.0};
  auto const found = [](std::vector<double> const& values) {
    return median_within_errors(values, std::vector<double>(values.size(), 0.0), limits);
  };
  CHECK(found(one).value == 28.0);
  CHECK(found(equal).sigma == 0.0);
  CHECK(found(equal).count == 7);
  CHECK(found(two).value == doctest::Approx(28.0));
  CHECK(found(spread).excess == limits.largest);
  CHECK(std::isfinite(found(spread).error));
  CHECK_THROWS_AS(found({}), almagest::MeasurementError);
}

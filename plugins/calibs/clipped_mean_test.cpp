#include "clipped_mean.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"

using namespace almagest;
using calibs::ClippedMean;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

struct Combined {
  std::vector<float> mean, scatter, count;
};

Combined combine(std::vector<std::vector<float>> const& frames,
                 calibs::ClippedMeanOptions const& options = {}) {
  std::size_t const width = frames.front().size();
  Combined result{std::vector<float>(width), std::vector<float>(width), std::vector<float>(width)};
  std::vector<float> median(width), centre(width), half_width(width);
  std::vector<float const*> rows;
  for (auto const& frame : frames) rows.push_back(frame.data());
  ClippedMean(frames.size(), options)(
      rows, {result.mean, result.scatter, result.count, median, centre, half_width});
  return result;
}

}  // namespace

// The SDK's clipped statistics are another implementation of the same definition, in double.
TEST_CASE("clipped mean: every column is what clipped_statistics() says of its values") {
  std::mt19937 generator(21);
  std::normal_distribution<float> normal(20000.0F, 140.0F);
  for (std::size_t const n : {1U, 2U, 3U, 4U, 5U, 7U, 16U, 33U, 50U}) {
    std::vector<std::vector<float>> frames(n, std::vector<float>(45));
    for (auto& frame : frames)
      for (float& value : frame) {
        value = normal(generator);
        if (generator() % 12 == 0) value += 3000.0F;  // a cosmic ray
        if (generator() % 9 == 0) value = not_a_number;
        if (generator() % 40 == 0) value = std::numeric_limits<float>::infinity();
      }
    Combined const combined = combine(frames);
    for (std::size_t x = 0; x < 45; ++x) {
      std::vector<float> values;
      for (auto const& frame : frames)
        if (std::isfinite(frame[x])) values.push_back(frame[x]);
      CAPTURE(n);
      CAPTURE(x);
      if (values.empty()) {
        CHECK(std::isnan(combined.mean[x]));
        CHECK(combined.count[x] == 0.0F);
        continue;
      }
      auto const expected = clipped_statistics(values);
      CHECK(combined.count[x] == static_cast<float>(expected.count));
      CHECK(combined.mean[x] == doctest::Approx(expected.mean).epsilon(3e-7));
      CHECK(combined.scatter[x] == doctest::Approx(expected.scatter).epsilon(1e-4).scale(1e-3));
    }
  }
}

TEST_CASE("clipped mean: one ray among five frames is left out") {
  std::vector<std::vector<float>> frames;
  for (float const value : {100.0F, 102.0F, 9000.0F, 101.0F, 99.0F}) frames.emplace_back(3, value);
  Combined const combined = combine(frames);
  CHECK(combined.mean[2] == doctest::Approx(100.5));
  CHECK(combined.count[2] == 4.0F);
}

TEST_CASE("clipped mean: equal values stay, whatever their number") {
  for (std::size_t const n : {1U, 2U, 6U, 50U}) {
    Combined const combined = combine(std::vector(n, std::vector<float>(9, 0.1F)));
    CHECK(combined.mean[8] == 0.1F);
    CHECK(combined.scatter[8] == 0.0F);
    CHECK(combined.count[8] == static_cast<float>(n));
  }
}

TEST_CASE("clipped mean: the mean of normal values is as good as the unclipped one, within 2 %") {
  constexpr std::size_t n = 25, width = 20000;
  std::mt19937 generator(8);
  std::normal_distribution<float> normal(0.0F, 1.0F);
  std::vector<std::vector<float>> frames(n, std::vector<float>(width));
  for (auto& frame : frames)
    for (float& value : frame) value = normal(generator);
  Combined const combined = combine(frames);
  double squares = 0.0, predicted = 0.0;
  for (std::size_t x = 0; x < width; ++x) {
    squares += combined.mean[x] * combined.mean[x] / width;
    predicted += combined.scatter[x] * combined.scatter[x] / combined.count[x] / width;
  }
  CHECK(squares * n == doctest::Approx(1.0).epsilon(0.05));
  // Three sigma of the normal distribution leave 97.3 % of its variance.
  CHECK(predicted / squares == doctest::Approx(0.97).epsilon(0.05));
}

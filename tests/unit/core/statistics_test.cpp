#include "almagest/statistics.hpp"

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "almagest/error.hpp"

using namespace almagest;

namespace {

/// The definition, written out plainly: sort, interpolate, clip three times.
ClippedStatistics reference(std::vector<float> values) {
  std::sort(values.begin(), values.end());
  auto const at = [&](double f) {
    double const rank = f * static_cast<double>(values.size() - 1);
    auto const k = static_cast<std::size_t>(rank);
    double const next = values[std::min(k + 1, values.size() - 1)];
    return values[k] + (rank - static_cast<double>(k)) * (next - values[k]);
  };
  double c = at(0.5);
  double h = 3.0 * 0.741301109252802 * (at(0.75) - at(0.25));
  ClippedStatistics result;
  for (int pass = 0; pass < 3; ++pass) {
    long double sum = 0;
    long double square = 0;
    long n = 0;
    for (float const v : values) n += std::abs(v - c) <= h ? 1 : 0;
    for (float const v : values) sum += std::abs(v - c) <= h ? v : 0.0F;
    long double const mean = sum / n;
    for (float const v : values) square += std::abs(v - c) <= h ? (v - mean) * (v - mean) : 0.0L;
    result.mean = static_cast<double>(mean);
    result.scatter = std::sqrt(static_cast<double>(square / (n - 1)));
    result.mean_error = result.scatter / std::sqrt(static_cast<double>(n));
    result.count = n;
    c = result.mean;
    h = 3.0 * result.scatter;
  }
  return result;
}

std::vector<float> sky(std::size_t n, bool whole_counts) {
  std::mt19937 generator(1);
  std::normal_distribution<float> noise(145.0F, 5.6F);
  std::uniform_real_distribution<float> star(0.0F, 5000.0F);
  std::vector<float> values(n);
  for (std::size_t k = 0; k < n; ++k) {
    values[k] = k % 50 == 0 ? star(generator) : noise(generator);
    if (k % 1001 == 0) values[k] = -values[k];
    if (whole_counts) values[k] = std::round(values[k]);
  }
  return values;
}

}  // namespace

TEST_CASE("clipped statistics: agree with the plain definition, few values or many") {
  for (std::size_t const n : {5U, 100U, 5001U, 200000U}) {
    for (bool const whole_counts : {false, true}) {
      std::vector<float> values = sky(n, whole_counts);
      ClippedStatistics const expected = reference(values);
      ClippedStatistics const measured = clipped_statistics(values);
      CAPTURE(n);
      CHECK(measured.count == expected.count);
      CHECK(measured.mean == doctest::Approx(expected.mean).epsilon(1e-13));
      CHECK(measured.scatter == doctest::Approx(expected.scatter).epsilon(1e-11));
      CHECK(measured.mean_error == doctest::Approx(expected.mean_error).epsilon(1e-11));
    }
  }
}

TEST_CASE("clipped statistics: numbers of numpy on a fixed sequence") {
  // numpy 1.24.2: v = (arange(1000, dtype=float32)*7919 % 1009)/float32(8), v[::97] += 4000,
  // percentile and three clips as the science document says.
  std::vector<float> values(1000);
  for (std::size_t k = 0; k < 1000; ++k) {
    values[k] = static_cast<float>(k * 7919 % 1009) / 8.0F + (k % 97 == 0 ? 4000.0F : 0.0F);
  }
  ClippedStatistics const s = clipped_statistics(values);
  CHECK(s.count == 989);
  CHECK(s.mean == doctest::Approx(63.14547522750253).epsilon(1e-14));
  CHECK(s.scatter == doctest::Approx(36.41055325780031).epsilon(1e-13));
}

TEST_CASE("clipped statistics: equal values have no scatter, also alone") {
  for (std::size_t const n : {1U, 2U, 40000U}) {
    std::vector<float> values(n, 3.25F);
    ClippedStatistics const s = clipped_statistics(values);
    CHECK(s.mean == 3.25);
    CHECK(s.scatter == 0.0);
    CHECK(s.count == static_cast<std::int64_t>(n));
  }
}

TEST_CASE("clipped statistics: NaN does not count, nothing left is an error") {
  float const nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> values{1.0F, nan, 2.0F, 3.0F, nan};
  CHECK(clipped_statistics(values).mean == 2.0);
  std::vector<float> none{nan, nan};
  CHECK_THROWS_AS(clipped_statistics(none), MeasurementError);
  CHECK_THROWS_AS(clipped_statistics(std::span<float>{}), MeasurementError);
  float const inf = std::numeric_limits<float>::infinity();
  std::vector<float> endless{inf, inf, inf};
  CHECK_THROWS_AS(clipped_statistics(endless), MeasurementError);
}

TEST_CASE("clipped statistics: bad pixels and pixels outside the box do not count") {
  Box const box{100, 200, 40, 30};
  Image<float> image(box);
  Mask mask(box);
  MaskPixel const bad = mask.bits({"SAT", "BAD"});
  for (int y = 0; y < 30; ++y) {
    for (int x = 0; x < 40; ++x) {
      image(x, y) = x < 20 ? static_cast<float>(x % 3) : 50.0F;
      if (x < 20 && y % 2 == 1) {
        image(x, y) = 1e6F;
        mask.image()(x, y) = mask.bit("SAT") | mask.bit("DETECTED");
      } else {
        mask.image()(x, y) = mask.bit("DETECTED");
      }
    }
  }
  ClippedStatistics const s = clipped_statistics(image, mask, bad, {100, 200, 18, 30});
  CHECK(s.count == 18 * 15);
  CHECK(s.mean == doctest::Approx(1.0));
  // A box that reaches beyond the image means its common part.
  CHECK(clipped_statistics(image, mask, bad, {90, 190, 28, 99}).count == 18 * 15);
  CHECK_THROWS_AS(clipped_statistics(image, mask, bad, {0, 0, 10, 10}), MeasurementError);
  CHECK_THROWS_AS(clipped_statistics(image, Mask(Box{0, 0, 40, 30}), bad, box), DataError);
  MaskPixel const all = mask.bits({"SAT", "DETECTED"});
  CHECK_THROWS_AS(clipped_statistics(image, mask, all, box), MeasurementError);
}

TEST_CASE("clipped statistics: an image, its copy and its unmasked part are told alike") {
  Box const box{5, 7, 300, 200};
  Image<float> image(box);
  Mask mask(box);
  MaskPixel const bad = mask.bit("SAT");
  std::vector<float> const pixels = sky(60000, false);
  std::vector<float> unmasked;
  for (int y = 0, k = 0; y < 200; ++y) {
    for (int x = 0; x < 300; ++x, ++k) {
      float const value = pixels[static_cast<std::size_t>(k)];
      image(x, y) = value;
      mask.image()(x, y) = k % 37 == 0 ? bad : mask.bit("DETECTED");
      if (k % 37 != 0) unmasked.push_back(value);
    }
  }
  auto const equal = [](ClippedStatistics const& a, ClippedStatistics const& b) {
    return a.mean == b.mean && a.scatter == b.scatter && a.count == b.count;
  };
  std::vector<float> all = pixels;
  CHECK(equal(clipped_statistics(image, mask, 0, box), clipped_statistics(all)));
  CHECK(equal(clipped_statistics(image, mask, bad, box), clipped_statistics(unmasked)));
  image(30, 30) = std::numeric_limits<float>::quiet_NaN();
  all[30 * 300 + 30] = image(30, 30);
  CHECK(equal(clipped_statistics(image, mask, 0, box), clipped_statistics(all)));
}

TEST_CASE("quantile: what sorting gives, however many values are spread") {
  float const inf = std::numeric_limits<float>::infinity();
  std::vector<float> const noise = sky(70001, false);
  std::vector<std::vector<float>> hostile(7, noise);
  for (std::size_t k = 0; k < noise.size(); ++k) {
    hostile[1][k] = k % 2 == 0 ? 1.0F : 2.0F;     // the quartiles at the edges of spikes
    hostile[2][k] = k % 5 < 2 ? 0.0F : noise[k];  // a spike in noise
    hostile[3][k] = static_cast<float>(k);        // sorted
    hostile[4][k] = k % 3 == 0 ? inf : noise[k];  // quartiles among infinities
    hostile[5][k] = (noise[k] - 145.0F) * 1e34F;  // differences overflow
    hostile[6][k] = k % 273 == 0 ? noise[k] : noise[k] + 1e6F;  // some regular sample misses all
  }
  for (std::size_t kind = 0; kind < hostile.size(); ++kind) {
    std::vector<float>& values = hostile[kind];
    std::vector<float> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    CAPTURE(kind);
    for (double const f : {0.0, 0.25, 0.4, 0.5, 0.75, 0.9999, 1.0})
      CHECK(quantile(values, f) == sorted[static_cast<std::size_t>(std::lround(f * 70000))]);
  }
}

TEST_CASE("quantile: interpolates at rank f(n - 1)") {
  std::vector<float> values{4.0F, 1.0F, 3.0F, 2.0F};
  CHECK(quantile(values, 0.0) == 1.0);
  CHECK(quantile(values, 1.0) == 4.0);
  CHECK(quantile(values, 0.5) == 2.5);
  CHECK(quantile(values, 0.25) == 1.75);
  CHECK_THROWS_AS(quantile(std::span<float>{}, 0.5), MeasurementError);

  // Both ways of selection, with negative values, give what sorting gives.
  std::vector<float> many = sky(70001, false);
  std::vector<float> sorted = many;
  std::sort(sorted.begin(), sorted.end());
  for (double const f : {0.0, 0.0005, 0.25, 0.5, 0.9, 1.0}) {
    CHECK(quantile(many, f) == sorted[static_cast<std::size_t>(std::lround(f * 70000))]);
  }
}

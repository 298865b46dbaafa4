#include "level_fit.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "almagest/error.hpp"

using calibs::fit_levels;
using calibs::LevelSample;

namespace {

constexpr std::array<double, 3> gains{0.9, 1.0, 1.1};  // their mean is 1
constexpr std::array<double, 4> lamps{20000.0, 21000.0, 500.0, 19500.0};

}  // namespace

TEST_CASE("level fit: factors of detectors and exposures are found from their products") {
  std::vector<LevelSample> samples;
  for (std::size_t d = 0; d < gains.size(); ++d)
    for (std::size_t e = 0; e < lamps.size(); ++e) samples.push_back({d, e, gains[d] * lamps[e]});
  auto const fit = fit_levels(samples, 1);
  for (std::size_t d = 0; d < gains.size(); ++d)
    CHECK(fit.detectors[d] == doctest::Approx(gains[d]).epsilon(1e-12));
  for (std::size_t e = 0; e < lamps.size(); ++e)
    CHECK(fit.exposures[e] == doctest::Approx(lamps[e]).epsilon(1e-12));
  CHECK(fit.scatter < 1e-12);
}

TEST_CASE("level fit: where a frame is missing, the other frames' exposures still agree") {
  std::vector<LevelSample> samples;
  for (std::size_t d = 0; d < gains.size(); ++d)
    for (std::size_t e = 0; e < lamps.size(); ++e)
      if (d != 2 || e != 1) samples.push_back({d, e, gains[d] * lamps[e]});
  auto const fit = fit_levels(samples, 30);
  CHECK(fit.exposures[1] / fit.exposures[0] == doctest::Approx(1.05).epsilon(1e-9));
}

TEST_CASE("level fit: the scatter is that of the levels, as a fraction") {
  std::vector<LevelSample> const samples{
      {0, 0, 100.0 * 1.01}, {0, 1, 100.0 / 1.01}, {1, 0, 100.0 / 1.01}, {1, 1, 100.0 * 1.01}};
  CHECK(fit_levels(samples, 10).scatter == doctest::Approx(std::log(1.01)));
}

TEST_CASE("level fit: a dark flat is an error") {
  std::vector<LevelSample> const samples{{0, 0, 100.0}, {0, 1, 0.0}};
  CHECK_THROWS_AS(fit_levels(samples, 1), almagest::DataError);
}

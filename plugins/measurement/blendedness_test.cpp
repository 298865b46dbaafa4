#include "blendedness.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "almagest/error.hpp"

#include "test_field.hpp"

using namespace almagest;
using measurement::absolute_bias;
using measurement::blendedness;
using measurement::weighted_light;
using measurement::WeightedLight;
using test_field::add_gaussian;
using test_field::constant;

namespace {

constexpr Box frame{0, 0, 90, 70};
Point const centre{40.2, 33.7};
Quadrupole const moments{4.0, 4.0, 0.0};  // 2 pixels
constexpr double flux = 5e4;
auto const no_noise = constant(frame, 0.0);

}  // namespace

TEST_CASE("blendedness: under its own Gaussian a source has its flux") {
  Image<float> image(frame);
  add_gaussian(image, centre, moments, flux);
  WeightedLight const light = weighted_light(image, no_noise, centre, moments, 7.0, 100.0);
  CHECK(light.raw == doctest::Approx(flux).epsilon(1e-5));
  CHECK(light.absolute == doctest::Approx(flux).epsilon(1e-5));
}

TEST_CASE("blendedness: two equal Gaussians, from theory") {
  // The neighbour adds exp(-s²/4σ²) of the source's light under its weight.
  for (double const distance : {2.0, 4.0, 8.0}) {
    CAPTURE(distance);
    Image<float> image(frame);
    add_gaussian(image, centre, moments, flux);
    WeightedLight const child = weighted_light(image, no_noise, centre, moments, 7.0, 100.0);
    add_gaussian(image, {centre.x + distance, centre.y}, moments, flux);
    WeightedLight const parent = weighted_light(image, no_noise, centre, moments, 7.0, 100.0);
    double const added = std::exp(-distance * distance / 16.0);
    CHECK(blendedness(child.raw, parent.raw) ==
          doctest::Approx(added / (1.0 + added)).epsilon(1e-4));
  }
  CHECK(blendedness(3.0, 3.0) == 0.0);
  CHECK(std::isnan(blendedness(3.0, 0.0)));
}

TEST_CASE("blendedness: what noise adds to an absolute value (scipy, from the definition)") {
  CHECK(absolute_bias(0.0, 1.0) == doctest::Approx(0.2413120993).epsilon(1e-9));
  CHECK(absolute_bias(1.5, 2.0) == doctest::Approx(0.1217268311).epsilon(1e-9));
  CHECK(absolute_bias(-3.0, 1.0) == doctest::Approx(0.5465472333).epsilon(1e-9));
  CHECK(absolute_bias(-48.0, 4.0) == doctest::Approx(1.5140981581).epsilon(1e-4));
  CHECK(absolute_bias(-1e5, 4.0) == doctest::Approx(std::sqrt(8.0 / 3.14159265)).epsilon(1e-3));
  CHECK(absolute_bias(40.0, 1.0) == doctest::Approx(0.0));
  CHECK(absolute_bias(2.0, 0.0) == 0.0);
  CHECK(absolute_bias(2.0, std::numeric_limits<double>::quiet_NaN()) == 0.0);
}

TEST_CASE("blendedness: noise alone has little absolute light left") {
  Image<float> image(frame);
  std::mt19937 generator(3);
  test_field::add_noise(image, 5.0, generator);
  auto const variance = constant(frame, 25.0);
  Quadrupole const wide{100.0, 100.0, 0.0};
  WeightedLight const with = weighted_light(image, variance, centre, wide, 3.0, 100.0);
  WeightedLight const without = weighted_light(image, no_noise, centre, wide, 3.0, 100.0);
  CHECK(std::abs(with.absolute) < 0.85 * without.absolute);
}

TEST_CASE("blendedness: bad moments throw, bad pixels are left out") {
  Image<float> image(frame);
  add_gaussian(image, centre, moments, flux);
  CHECK_THROWS_AS(weighted_light(image, no_noise, centre, {1.0, 1.0, 1.0}, 3.0, 100.0),
                  MeasurementError);
  CHECK_THROWS_AS(weighted_light(image, no_noise, {900.0, 3.0}, moments, 3.0, 100.0),
                  MeasurementError);
  image.at({43, 36}) = std::numeric_limits<float>::quiet_NaN();
  CHECK(weighted_light(image, no_noise, centre, moments, 7.0, 100.0).raw ==
        doctest::Approx(flux).epsilon(0.02));
}

#include "fringe_scale.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <random>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

#include "measure_level.hpp"

using namespace almagest;

namespace {

Background tilted_sky(Box const& box, double level) {
  std::vector<Chebyshev2::Sample> samples;
  for (int y = box.y0; y <= box.y1(); y += 10)
    for (int x = box.x0; x <= box.x1(); x += 10)
      samples.push_back({{double(x), double(y)}, level + 0.5 * (x - centre_of(box).x), 1.0});
  return {{Chebyshev2::fit(box, 1, samples)}};
}

}  // namespace

TEST_CASE("fringe scale: a frame is divided by the mean of its sky, the variance by the square") {
  Box const box{5, 7, 101, 51};
  MaskedImage pixels(box);
  for (float& value : pixels.image.pixels()) value = 30.0F;
  for (float& value : pixels.variance.pixels()) value = 900.0F;
  TaskHarness harness(std::make_unique<calibs::FringeScale>());
  harness.give("exposure", Exposure(pixels));
  harness.give("background", tilted_sky(box, 1500.0));
  CHECK_FALSE(harness.run().skipped());
  auto const& result = harness.result<Exposure>("exposure");
  CHECK(result.image()(50, 25) == doctest::Approx(0.02));
  CHECK(result.variance()(50, 25) == doctest::Approx(0.0004));
  CHECK(result.metadata.number("CALSCALE") == doctest::Approx(1500.0));
  CHECK(result.metadata.text("BUNIT").empty());
  CHECK(harness.metric("sky_level") == doctest::Approx(1500.0));
}

TEST_CASE("fringe scale: without sky there is nothing to divide by") {
  TaskHarness harness(std::make_unique<calibs::FringeScale>());
  harness.give("exposure", Exposure{MaskedImage(Box{0, 0, 50, 50})});
  harness.give("background", Background{});
  CHECK_THROWS_AS(harness.run(), DataError);
}

TEST_CASE("measure level: the clipped mean of good pixels stands in the header") {
  MaskedImage pixels(Box{0, 0, 80, 60});
  std::mt19937 generator(2);
  std::normal_distribution<float> normal(5000.0F, 70.0F);
  for (float& value : pixels.image.pixels()) value = normal(generator);
  for (int x = 0; x < 80; ++x)
    for (int y = 0; y < 20; ++y) {
      pixels.image(x, y) = 0.0F;
      pixels.mask.image()(x, y) = pixels.mask.bit("NO_DATA");
    }
  TaskHarness harness(std::make_unique<calibs::MeasureLevel>());
  harness.give("exposure", Exposure(pixels));
  CHECK_FALSE(harness.run().skipped());
  double const level = harness.result<Exposure>("exposure").metadata.number("CALLEVEL");
  CHECK(level == doctest::Approx(5000.0).epsilon(70.0 / 5000.0 / 56.0 * 3.0));
  CHECK(harness.metric("level") == level);
}

TEST_CASE("measure level: a frame without light is no flat") {
  TaskHarness harness(std::make_unique<calibs::MeasureLevel>());
  harness.give("exposure", Exposure{MaskedImage(Box{0, 0, 50, 50})});
  CHECK_THROWS_WITH_AS(harness.run(), "the frame's level is 0.000: a flat must have light",
                       DataError);
}

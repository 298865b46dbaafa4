#include "mesh_background.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <random>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

using namespace almagest;
using background::MeshBackground;

namespace {

constexpr double noise = 4.0;  // adu

double sky(double x, double y) {
  return 150.0 + 0.02 * x - 0.01 * y + 2e-5 * x * y;
}

/// A sky with Gaussian noise, the same at every call.
Exposure sky_exposure(int width, int height) {
  MaskedImage pixels(Box{0, 0, width, height});
  std::mt19937 generator(5);
  std::normal_distribution<double> normal(0.0, noise);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      pixels.image(x, y) = static_cast<float>(sky(x, y) + normal(generator));
  return Exposure(std::move(pixels));
}

struct Harness : TaskHarness {
  explicit Harness(Exposure exposure)
      : TaskHarness(std::make_unique<MeshBackground>(), {{"bin_size", 64}, {"order", 2}}) {
    give("exposure", std::move(exposure));
  }
};

double largest_error(Background const& found, int width, int height) {
  double largest = 0.0;
  for (int y = 0; y < height; y += 10)
    for (int x = 0; x < width; x += 10)
      largest = std::max(largest, std::abs(found({double(x), double(y)}) - sky(x, y)));
  return largest;
}

}  // namespace

TEST_CASE("background: a smooth sky is found to its noise, and subtracted") {
  Harness harness(sky_exposure(400, 300));
  CHECK(harness.run().skip_reason.empty());
  auto const& found = harness.result<Background>("background");
  REQUIRE(found.models.size() == 1);
  // 6 terms through 120 000 pixels: ~ noise·√(6/120 000) = 0.03 in the middle, a few times that at
  // the corners.
  CHECK(largest_error(found, 400, 300) < 0.25);
  auto const& image = harness.result<Exposure>("exposure").image();
  double sum = 0.0;
  for (float const value : image.pixels()) sum += value;
  CHECK(sum / 120000.0 == doctest::Approx(0.0).epsilon(1.0).scale(0.05));
  CHECK(harness.metric("sky_level") == doctest::Approx(sky(199.5, 149.5)).epsilon(2e-3));
  CHECK(harness.metric("sky_scatter") == doctest::Approx(noise).epsilon(0.03));
}

TEST_CASE("background: the cards tell mean and variance of the sky over the frame's pixels") {
  Harness harness(sky_exposure(400, 300));
  harness.run();
  auto const& found = harness.result<Background>("background");
  double sum = 0.0, squares = 0.0;
  for (int y = 0; y < 300; ++y)
    for (int x = 0; x < 400; ++x) {
      double const level = found({double(x), double(y)});
      sum += level;
      squares += level * level;
    }
  double const mean = sum / 120000.0, variance = squares / 120000.0 - mean * mean;
  Header const& cards = harness.result<Exposure>("exposure").metadata;
  CHECK(cards.number("BGMEAN") == doctest::Approx(mean).epsilon(1e-5));
  CHECK(cards.number("BGVAR") == doctest::Approx(variance).epsilon(1e-3));
  CHECK(harness.metric("sky_level") == cards.number("BGMEAN"));
}

TEST_CASE("background: masked sources and NaN pixels do not move the sky") {
  Exposure exposure = sky_exposure(400, 300);
  MaskPixel const detected = exposure.mask().bit("DETECTED");
  for (int y = 100; y < 200; ++y)
    for (int x = 100; x < 200; ++x) {
      exposure.image()(x, y) += 30.0F;  // 7 sigma: clipping alone would not find a full cell
      exposure.mask().image()(x, y) |= detected;
    }
  for (int x = 0; x < 300; ++x) exposure.image()(x, x) = std::numeric_limits<float>::quiet_NaN();
  Harness harness(exposure);
  harness.run();
  CHECK(largest_error(harness.result<Background>("background"), 400, 300) < 0.3);
}

TEST_CASE("background: earlier models are kept, and the steps add up") {
  Exposure const exposure = sky_exposure(300, 200);
  Harness first(exposure);
  first.run();
  Harness second(first.result<Exposure>("exposure"));
  second.give("background", first.result<Background>("background"));
  second.run();
  auto const& all = second.result<Background>("background");
  REQUIRE(all.models.size() == 2);
  CHECK(all.models[0] == first.result<Background>("background").models[0]);
  CHECK(std::abs(second.metric("sky_step")) < 0.01);  // nothing was left to find
  CHECK(second.metric("sky_level") == doctest::Approx(first.metric("sky_level")).epsilon(1e-3));
}

TEST_CASE("background: DETECTED_NEGATIVE is emptied, DETECTED stays; the input is not touched") {
  Exposure exposure = sky_exposure(200, 200);
  MaskPixel const negative = exposure.mask().bit("DETECTED_NEGATIVE");
  MaskPixel const detected = exposure.mask().bit("DETECTED");
  exposure.mask().image()(5, 5) = negative | detected;
  Harness harness(exposure);
  harness.run();
  CHECK(harness.result<Exposure>("exposure").mask().image()(5, 5) == detected);
  CHECK(exposure.mask().image()(5, 5) == (negative | detected));
}

TEST_CASE("background: a frame without sky fails and says why") {
  Exposure exposure = sky_exposure(100, 100);
  for (MaskPixel& pixel : exposure.mask().image().pixels()) pixel = exposure.mask().bit("BAD");
  Harness harness(exposure);
  CHECK_THROWS_WITH_AS(harness.run(),
                       "no sky can be measured: every pixel is NaN or has one of BAD, EDGE, "
                       "DETECTED, DETECTED_NEGATIVE, NO_DATA",
                       DataError);
}

TEST_CASE("background: a constant frame, without any scatter, is subtracted to zero") {
  MaskedImage pixels(Box{0, 0, 150, 150});
  for (float& value : pixels.image.pixels()) value = 7.5F;
  Harness harness{Exposure(pixels)};
  harness.run();
  for (float const value : harness.result<Exposure>("exposure").image().pixels())
    CHECK(std::abs(value) < 1e-5F);
}

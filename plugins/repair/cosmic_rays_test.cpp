#include "cosmic_rays.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

using namespace almagest;

namespace {

constexpr Box frame{-20, 300, 100, 80};  // not at the parent frame's origin
constexpr float sky = 500.0F, noise = 10.0F;

/// Noise on a level sky; a track of 10 pixels from (30, 40), array indices.
Exposure exposure_with_track() {
  MaskedImage pixels(frame);
  std::mt19937 generator(4);
  std::normal_distribution<float> normal(sky, noise);
  for (float& value : pixels.image.pixels()) value = normal(generator);
  for (float& value : pixels.variance.pixels()) value = noise * noise;
  for (int i = 0; i < 10; ++i) pixels.image(30 + i, 40 + i / 3) += 400.0F;
  Exposure exposure(std::move(pixels));
  exposure.psf = std::make_shared<GaussianPsf>(1.7, 17);
  return exposure;
}

struct Harness : TaskHarness {
  explicit Harness(Exposure exposure, TaskHarness::Values const& parameters = {})
      : TaskHarness(std::make_unique<repair::CosmicRays>(), parameters) {
    give("exposure", std::move(exposure));
  }
};

int count(Exposure const& exposure, char const* plane) {
  MaskPixel const bit = exposure.mask().bit(plane);
  int n = 0;
  for (MaskPixel const pixel : exposure.mask().image().pixels()) n += (pixel & bit) != 0 ? 1 : 0;
  return n;
}

}  // namespace

TEST_CASE("cosmic rays: a track is marked CR and INTRP, and replaced by the sky around it") {
  Exposure const exposure = exposure_with_track();
  Harness harness(exposure);
  CHECK_FALSE(harness.run().skipped());
  auto const& result = harness.result<Exposure>("exposure");
  CHECK(count(result, "CR") >= 10);
  CHECK(count(result, "CR") <= 13);  // a few neighbours reach 2.5 sigma by chance
  CHECK(count(result, "INTRP") == count(result, "CR"));
  CHECK(harness.metric("cosmic_rays") == 1);
  CHECK(harness.metric("cosmic_ray_pixels") == count(result, "CR"));
  for (int i = 0; i < 10; ++i) {
    CHECK(std::abs(result.image()(30 + i, 40 + i / 3) - sky) < 4.0F * noise);
    CHECK(result.variance()(30 + i, 40 + i / 3) < noise * noise);
  }
  CHECK(count(exposure, "CR") == 0);  // the input is not touched
  CHECK(exposure.image()(30, 40) > sky + 300.0F);
}

TEST_CASE("cosmic rays: keep_pixels sets CR and nothing else") {
  Exposure const exposure = exposure_with_track();
  Harness harness(exposure, {{"keep_pixels", true}});
  harness.run();
  auto const& result = harness.result<Exposure>("exposure");
  CHECK(count(result, "CR") >= 10);
  CHECK(count(result, "INTRP") == 0);
  CHECK(std::ranges::equal(result.image().pixels(), exposure.image().pixels()));
  CHECK(std::ranges::equal(result.variance().pixels(), exposure.variance().pixels()));
}

TEST_CASE("cosmic rays: grow widens by a round outline, but not into bad pixels") {
  Exposure exposure = exposure_with_track();
  for (float& value : exposure.image().pixels()) value = sky;
  exposure.image()(50, 20) = sky + 1000.0F;
  exposure.mask().image()(52, 20) = exposure.mask().bit("BAD");
  Harness harness(exposure, {{"grow", 2}});
  harness.run();
  auto const& result = harness.result<Exposure>("exposure");
  CHECK(count(result, "CR") == 20);  // 5 x 5 without corners, less the bad one
  CHECK(result.mask().image()(52, 20) == result.mask().bit("BAD"));
  CHECK(harness.metric("cosmic_ray_pixels") == 1);
}

TEST_CASE("cosmic rays: the level of the sky is measured, or given") {
  // With a pedestal of 5000 taken for light, nothing is sharp.
  Harness measured(exposure_with_track());
  measured.run();
  std::string const line = measured.log_lines().front();
  CHECK(std::stod(line.substr(line.find("background ") + 11)) ==
        doctest::Approx(sky).epsilon(0.002));
  Harness given(exposure_with_track(), {{"background", "given"}, {"background_level", -5000.0}});
  given.run();
  CHECK(given.metric("cosmic_rays") == 0);
}

TEST_CASE("cosmic rays: without PSF or variance the frame fails and says why") {
  Exposure exposure = exposure_with_track();
  exposure.psf = nullptr;
  Harness without_psf(exposure);
  CHECK_THROWS_AS(without_psf.run(), DataError);

  exposure = exposure_with_track();
  for (float& value : exposure.variance().pixels()) value = 0.0F;
  Harness without_variance(exposure);
  CHECK_THROWS_WITH_AS(without_variance.run(),
                       "cosmic rays are told by their noise, but the variance plane is empty: "
                       "0.000 in the median",
                       DataError);

  exposure = exposure_with_track();
  for (MaskPixel& pixel : exposure.mask().image().pixels()) pixel = exposure.mask().bit("BAD");
  Harness without_pixels(exposure);
  CHECK_THROWS_AS(without_pixels.run(), DataError);
}

#include "threshold.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <random>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

#include "gaussian_smoothing.hpp"

using namespace almagest;
using detection::Threshold;

namespace {

constexpr double noise = 3.0;      // adu
constexpr double psf_sigma = 1.5;  // pixel

Exposure noise_exposure(int width, int height) {
  MaskedImage pixels(Box{0, 0, width, height});
  std::mt19937 generator(7);
  std::normal_distribution<double> normal(0.0, noise);
  for (float& value : pixels.image.pixels()) value = static_cast<float>(normal(generator));
  for (float& value : pixels.variance.pixels()) value = static_cast<float>(noise * noise);
  Exposure exposure(std::move(pixels));
  exposure.psf = std::make_shared<GaussianPsf>(psf_sigma, 21);
  return exposure;
}

void add_star(Exposure& exposure, double x, double y, double flux) {
  Image<double> const stamp = exposure.psf->stamp({x, y});
  Box const box = intersection(stamp.bbox(), exposure.bbox());
  for (int v = box.y0; v <= box.y1(); ++v)
    for (int u = box.x0; u <= box.x1(); ++u)
      exposure.image().at({u, v}) += static_cast<float>(flux * stamp.at({u, v}));
}

/// Flux of a star of signal-to-noise 1 in the matched filter: σ·√(4π)·psf_sigma.
double unit_flux() {
  return noise * std::sqrt(4.0 * 3.14159265358979) * psf_sigma;
}

struct Harness : TaskHarness {
  explicit Harness(Exposure exposure, Values const& values = {})
      : TaskHarness(std::make_unique<Threshold>(), values) {
    give("exposure", std::move(exposure));
  }
};

MaskPixel any_bits(Mask const& mask, Box const& box) {
  MaskPixel bits = 0;
  for (int y = box.y0; y <= box.y1(); ++y)
    for (int x = box.x0; x <= box.x1(); ++x) bits |= mask.image().at({x, y});
  return bits;
}

}  // namespace

TEST_CASE("detection: pure noise gives nothing at 5 sigma, and the threshold that theory says") {
  Harness harness(noise_exposure(500, 400));
  harness.run();
  CHECK(harness.result<FootprintSet>("footprints").footprints.empty());
  // Smoothing leaves noise·Σtaps² of white noise.
  double squares = 0.0;
  for (double const tap : detection::gaussian_taps(psf_sigma, 11)) squares += tap * tap;
  CHECK(harness.metric("detection_threshold") ==
        doctest::Approx(5.0 * noise * squares).epsilon(0.01));
  CHECK(harness.metric("psf_sigma") == doctest::Approx(psf_sigma).epsilon(1e-4));
  CHECK(harness.log_lines().front().starts_with("warning: no source found"));
}

TEST_CASE("detection: stars of S/N 10 are found where they are, those of S/N 2 are not") {
  Exposure exposure = noise_exposure(500, 400);
  for (int i = 0; i < 8; ++i) add_star(exposure, 50.0 + 50 * i, 100.3, 10.0 * unit_flux());
  for (int i = 0; i < 8; ++i) add_star(exposure, 50.0 + 50 * i, 300.0, 2.0 * unit_flux());
  Harness harness(exposure);
  harness.run();
  auto const& found = harness.result<FootprintSet>("footprints").footprints;
  REQUIRE(found.size() == 8);
  for (Footprint const& footprint : found) {
    Pixel const peak = footprint.peaks().front().pixel;
    CHECK(std::abs(peak.y - 100) <= 1);
    CHECK(std::abs(peak.x - std::round(peak.x / 50.0) * 50.0) <= 1);
    CHECK(footprint.contains(peak));
  }
  CHECK(harness.metric("footprints") == 8.0);
}

TEST_CASE("detection: sets DETECTED on footprints, EDGE on the border, and clears earlier marks") {
  Exposure exposure = noise_exposure(200, 150);
  add_star(exposure, 100, 75, 100.0 * unit_flux());
  add_star(exposure, 50, 75, -100.0 * unit_flux());
  exposure.mask().image()(10, 20) = exposure.mask().bits({"DETECTED", "DETECTED_NEGATIVE", "CR"});
  Harness harness(exposure);
  harness.run();
  Mask const& mask = harness.result<Exposure>("exposure").mask();
  CHECK(mask.image()(10, 20) == mask.bit("CR"));
  CHECK(any_bits(mask, {90, 65, 20, 20}) == mask.bit("DETECTED"));
  CHECK(any_bits(mask, {40, 65, 20, 20}) == mask.bit("DETECTED_NEGATIVE"));
  // The kernel has 11 taps: 5 pixels all round.
  CHECK(mask.image()(4, 75) == mask.bit("EDGE"));
  CHECK(mask.image()(100, 4) == mask.bit("EDGE"));
  CHECK(mask.image()(195, 144) == mask.bit("EDGE"));
  CHECK((mask.image()(100, 145) & mask.bit("EDGE")) != 0);
  CHECK((mask.image()(5, 5) & mask.bit("EDGE")) == 0);
  CHECK(harness.result<FootprintSet>("footprints").footprints.size() == 1);
}

TEST_CASE("detection: holes are left alone when not asked for") {
  Exposure exposure = noise_exposure(200, 150);
  add_star(exposure, 50, 75, -100.0 * unit_flux());
  Harness harness(exposure, {{"negative", false}});
  harness.run();
  Mask const& mask = harness.result<Exposure>("exposure").mask();
  CHECK((any_bits(mask, mask.bbox()) & mask.bit("DETECTED_NEGATIVE")) == 0);
}

TEST_CASE("detection: bad pixels and what smoothing spreads of them do not move the threshold") {
  Exposure exposure = noise_exposure(300, 300);
  Harness clean(exposure);
  clean.run();
  // A tenth of the frame is saturated at a level that clipping could not remove alone.
  for (int y = 100; y < 150; ++y)
    for (int x = 50; x < 250; ++x) {
      exposure.image()(x, y) = 10.0F;
      exposure.mask().image()(x, y) |= exposure.mask().bit("SAT");
    }
  Harness masked(exposure);
  masked.run();
  CHECK(masked.metric("detection_threshold") ==
        doctest::Approx(clean.metric("detection_threshold")).epsilon(0.01));
}

TEST_CASE("detection: a NaN pixel is no source and hides none") {
  Exposure exposure = noise_exposure(200, 150);
  add_star(exposure, 100, 75, 50.0 * unit_flux());
  exposure.image()(103, 75) = std::numeric_limits<float>::quiet_NaN();
  exposure.image()(30, 30) = std::numeric_limits<float>::infinity();
  Harness harness(exposure);
  harness.run();
  auto const& found = harness.result<FootprintSet>("footprints").footprints;
  REQUIRE(found.size() == 1);
  CHECK(found[0].contains({100, 75}));
}

TEST_CASE("detection: frames that cannot be searched fail and say why") {
  Exposure no_psf = noise_exposure(50, 50);
  no_psf.psf.reset();
  CHECK_THROWS_AS(Harness(no_psf).run(), DataError);

  CHECK_THROWS_WITH_AS(Harness(noise_exposure(10, 50)).run(),
                       "an image of 10 x 50 pixels is too small for a kernel of 11 x 11",
                       DataError);

  Exposure masked = noise_exposure(50, 50);
  for (MaskPixel& pixel : masked.mask().image().pixels()) pixel = masked.mask().bit("BAD");
  CHECK_THROWS_WITH_AS(Harness(masked).run(),
                       "no pixel is left to set a threshold from: all are masked or near masked "
                       "ones",
                       DataError);

  Exposure flat = noise_exposure(50, 50);
  for (float& value : flat.image().pixels()) value = 0.0F;
  CHECK_THROWS_AS(Harness(flat).run(), DataError);
  CHECK_THROWS_AS(
      Harness(noise_exposure(50, 50), {{"psf_position", ConfigValue::Array{1.0}}}).run(),
      ConfigError);
}

// Amplifier offsets: constants are added to amplifiers of a frame with sky, stars and noise, and
// found by what they do at the interfaces.
#include "amp_offset.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <memory>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

#include "effect_frames.hpp"

using namespace almagest;
using namespace isr_test;

namespace {

constexpr int width = 160, height = 512;

/// A sky with a gradient and a bend, stars, and noise.
Exposure scene(Detector detector) {
  Exposure exposure = exposure_of(std::move(detector));
  Image<float>& image = exposure.image();
  add_stars(image, 0.0, 30000.0, 2.0, 20, 8);
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < image.width(); ++x) {
      double const u = 2.0 * x / image.width() - 1.0, v = 2.0 * y / image.height() - 1.0;
      image(x, y) += static_cast<float>(1000.0 + 30.0 * u + 12.0 * v - 20.0 * u * u + 9.0 * u * v);
    }
  add_noise(image, 4.0, 6);
  return exposure;
}

Exposure with_offsets(Exposure exposure, std::vector<double> const& offsets) {
  for (std::size_t a = 0; a < offsets.size(); ++a) {
    Box const box = exposure.detector.amplifiers[a].box;
    for (int y = box.y0; y <= box.y1(); ++y)
      for (int x = box.x0; x <= box.x1(); ++x)
        exposure.image()(x, y) += static_cast<float>(offsets[a]);
  }
  return exposure;
}

struct Result {
  Exposure exposure;
  double interfaces;
};
Result corrected(Exposure exposure, TaskHarness::Values const& values = {{"bin_size", 32}}) {
  TaskHarness harness(std::make_unique<isr::AmpOffset>(), values);
  harness.give("exposure", std::move(exposure));
  harness.run();
  return {harness.result<Exposure>("exposure"), harness.metric("interfaces_used")};
}

/// What was subtracted from each amplifier.
std::vector<double> subtracted(Exposure const& before, Exposure const& after) {
  std::vector<double> levels;
  for (Amplifier const& amplifier : before.detector.amplifiers) {
    Box const& box = amplifier.box;
    double sum = 0.0;
    for (int y = box.y0; y <= box.y1(); ++y)
      for (int x = box.x0; x <= box.x1(); ++x)
        sum += double{before.image()(x, y)} - after.image()(x, y);
    levels.push_back(sum / static_cast<double>(box.area()));
  }
  return levels;
}

/// Two rows of two amplifiers each.
Detector quadrants() {
  Detector detector = four_amplifiers(2 * width, height / 2);
  for (int i = 0; i < 4; ++i)
    detector.amplifiers[std::size_t(i)].box = {i % 2 * 2 * width, i / 2 * height / 2, 2 * width,
                                               height / 2};
  detector.box = {0, 0, 4 * width, height};
  return detector;
}

}  // namespace

TEST_CASE("amplifier offsets: steps are removed to less than 5 %, the mean level stays") {
  std::vector<double> const offsets{1.5, -2.0, 1.0, -0.5};  // mean 0
  for (bool const in_a_row : {true, false}) {
    CAPTURE(in_a_row);
    Exposure const truth = scene(in_a_row ? four_amplifiers(width, height) : quadrants());
    Exposure const seen = with_offsets(truth, offsets);
    auto const [result, interfaces] = corrected(seen);
    CHECK(interfaces == (in_a_row ? 3 : 4));
    std::vector<double> const found = subtracted(seen, result);
    // Noise of an interface: 4·√2/√(64·512) = 0.03.
    for (std::size_t a = 0; a < 4; ++a) CHECK(std::abs(found[a] - offsets[a]) < 0.05 * 2.0);
  }
}

TEST_CASE("amplifier offsets: a frame without steps stays as it is") {
  Exposure const truth = scene(four_amplifiers(width, height));
  for (double const level : subtracted(truth, corrected(truth).exposure))
    CHECK(std::abs(level) < 0.05 * 2.0);
}

TEST_CASE("amplifier offsets: large steps and interfaces without good pixels are left alone") {
  Exposure const truth = scene(four_amplifiers(width, height));
  // Amplifier 3 is far off: it stays, and the others still meet.
  Exposure const seen = with_offsets(truth, {1.0, -1.0, 0.0, 40.0});
  auto const [result, interfaces] = corrected(seen);
  CHECK(interfaces == 2);
  std::vector<double> const found = subtracted(seen, result);
  CHECK(found[3] == 0.0);
  CHECK(std::abs(found[0] - 1.0) < 0.1);
  CHECK(std::abs(found[1] + 1.0) < 0.1);

  Exposure masked = with_offsets(truth, {1.0, -1.0, 0.0, 0.0});
  MaskPixel const bad = masked.mask().bit("BAD");
  for (int y = 0; y < height; ++y)
    for (int x = width - 60; x < width; ++x) masked.mask().image()(x, y) |= bad;
  CHECK(corrected(masked).interfaces == 2);
}

TEST_CASE("amplifier offsets: frames that cannot be measured say so") {
  Exposure frame = scene(four_amplifiers(width, height));
  for (float& pixel : frame.image().pixels()) pixel = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH_AS(corrected(frame),
                       "no sky can be measured in any amplifier of detector 'test'", DataError);
}

TEST_CASE("amplifier offsets: a dead amplifier does not keep the others from meeting") {
  Exposure const truth = scene(four_amplifiers(width, height));
  Exposure seen = with_offsets(truth, {1.0, -1.0, 0.0, 700.0});
  MaskPixel const bad = seen.mask().bit("BAD");
  for (int y = 0; y < height; ++y)
    for (int x = 3 * width; x < 4 * width; ++x) seen.mask().image()(x, y) |= bad;
  auto const [result, interfaces] = corrected(seen);
  CHECK(interfaces == 2);
  std::vector<double> const found = subtracted(seen, result);
  CHECK(found[3] == 0.0);
  CHECK(std::abs(found[0] - 1.0) < 0.1);
  CHECK(std::abs(found[1] + 1.0) < 0.1);
}

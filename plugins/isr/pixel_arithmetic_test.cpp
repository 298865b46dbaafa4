#include "pixel_arithmetic.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "almagest/error.hpp"

#include "assemble.hpp"
#include "gain.hpp"
#include "one_pass.hpp"
#include "saturation.hpp"
#include "test_frames.hpp"

using namespace almagest;
using namespace isr;
using namespace isr::test;

namespace {

constexpr float no_number = std::numeric_limits<float>::quiet_NaN();

Detector two_amplifiers(int width, int height, double gain0, double gain1, double read_noise) {
  Detector detector;
  detector.name = "test";
  detector.box = {0, 0, width, height};
  int const half = width / 2;
  for (int i = 0; i < 2; ++i) {
    Amplifier amplifier;
    amplifier.name = "A" + std::to_string(i);
    amplifier.box = {i * half, 0, i == 0 ? half : width - half, height};
    amplifier.gain = i == 0 ? gain0 : gain1;
    amplifier.read_noise = read_noise;
    detector.amplifiers.push_back(amplifier);
  }
  return detector;
}

void check_same_pixels(Exposure const& a, Exposure const& b) {
  REQUIRE(a.bbox() == b.bbox());
  for (int y = 0; y < a.bbox().height; ++y)
    for (int x = 0; x < a.bbox().width; ++x) {
      CAPTURE(x);
      CAPTURE(y);
      REQUIRE(a.image()(x, y) == b.image()(x, y));
      REQUIRE(a.variance()(x, y) == b.variance()(x, y));
      REQUIRE(a.mask().image()(x, y) == b.mask().image()(x, y));
    }
}

}  // namespace

// 11 columns: a whole octet of pixels and a rest.
TEST_CASE("bias: is subtracted, its variance added, its flags taken by their plane's name") {
  Exposure frame = flat_exposure(11, 2, 100.0), bias = flat_exposure(11, 2, 30.0);
  fill(frame.variance(), [](int, int) { return 4.0; });
  fill(bias.variance(), [](int, int) { return 0.25; });
  bias.image()(9, 1) = 31.0F;
  bias.mask() = Mask(Image<MaskPixel>({0, 0, 11, 2}), {{"HOT", 0}, {"BAD", 1}});
  bias.mask().image()(3, 0) = 1;
  bias.mask().image()(9, 1) = 2;
  TaskHarness harness(std::make_unique<Bias>());
  harness.give("exposure", frame);
  harness.give("bias", bias);
  harness.run();
  Exposure const& result = harness.result<Exposure>("exposure");
  CHECK(result.image()(0, 0) == 70.0F);
  CHECK(result.image()(9, 1) == 69.0F);
  CHECK(result.variance()(10, 0) == 4.25F);
  CHECK(result.mask().image()(3, 0) == result.mask().bit("HOT"));
  CHECK(result.mask().image()(9, 1) == result.mask().bit("BAD"));
  CHECK(result.mask().image()(4, 0) == 0);
  CHECK(result.mask().bit("HOT") != result.mask().bit("BAD"));
}

TEST_CASE("dark: is scaled by the times in which dark current was collected") {
  Exposure frame = flat_exposure(11, 2, 100.0), dark = flat_exposure(11, 2, 2.0);
  fill(dark.variance(), [](int, int) { return 0.5; });
  frame.visit_info.exposure_time_s = 30.0;
  frame.visit_info.dark_time_s = 32.0;
  dark.visit_info.dark_time_s = 4.0;
  TaskHarness harness(std::make_unique<Dark>());
  harness.give("exposure", frame);
  harness.give("dark", dark);
  harness.run();
  CHECK(harness.result<Exposure>("exposure").image()(10, 1) == 84.0F);
  CHECK(harness.result<Exposure>("exposure").variance()(10, 1) == 32.0F);

  dark.visit_info = {};
  CHECK(dark_scale(frame, dark) == 32.0);  // a dark per second
  frame.visit_info.dark_time_s = std::numeric_limits<double>::quiet_NaN();
  CHECK(dark_scale(frame, dark) == 30.0);
  frame.visit_info = {};
  CHECK_THROWS_AS(dark_scale(frame, dark), DataError);
}

TEST_CASE("variance: I/g + (rn/g)² per amplifier, BAD where it is not positive") {
  Exposure frame = flat_exposure(21, 2, 600.0);
  frame.detector = two_amplifiers(21, 2, 2.0, 3.0, 6.0);
  frame.image()(1, 0) = -18.0F;   // −9 + 9
  frame.image()(20, 0) = -11.0F;  // −3.67 + 4
  frame.image()(20, 1) = no_number;
  fill(frame.variance(), [](int, int) { return 7.0; });
  MaskPixel const bad = frame.mask().bit("BAD");

  auto const replaced = run_task<Variance>("exposure", frame);
  Exposure const& result = replaced->result<Exposure>("exposure");
  CHECK(result.variance()(0, 0) == 309.0F);
  CHECK(result.variance()(10, 1) == 204.0F);
  CHECK(result.variance()(20, 0) == doctest::Approx(1.0 / 3.0));
  CHECK(result.mask().image()(1, 0) == bad);
  CHECK(result.mask().image()(20, 0) == 0);
  CHECK(result.mask().image()(20, 1) == bad);

  auto const added = run_task<Variance>("exposure", frame, {{"mode", std::string("add")}});
  CHECK(added->result<Exposure>("exposure").variance()(0, 0) == 316.0F);
  CHECK(added->result<Exposure>("exposure").mask().image()(1, 0) == 0);

  frame.detector.amplifiers[1].gain = std::numeric_limits<double>::quiet_NaN();
  auto const unknown = run_task<Variance>("exposure", frame);
  CHECK(unknown->result<Exposure>("exposure").variance()(12, 0) == 0.0F);
  CHECK(unknown->result<Exposure>("exposure").mask().image()(12, 0) == bad);

  frame.detector.amplifiers.clear();
  CHECK_THROWS_AS(run_task<Variance>("exposure", frame), DataError);
}

TEST_CASE("flat: divides, (V f² + I² V_f)/f⁴, and where it is no number the pixel is BAD") {
  Exposure frame = flat_exposure(11, 1, 600.0), flat = flat_exposure(11, 1, 2.0);
  fill(frame.variance(), [](int, int) { return 100.0; });
  fill(flat.variance(), [](int, int) { return 0.01; });
  flat.image()(2, 0) = 0.0F;
  flat.image()(3, 0) = -1.0F;
  flat.image()(4, 0) = no_number;
  flat.image()(10, 0) = std::numeric_limits<float>::infinity();
  TaskHarness harness(std::make_unique<Flat>());
  harness.give("exposure", frame);
  harness.give("flat", flat);
  harness.run();
  Exposure const& result = harness.result<Exposure>("exposure");
  CHECK(result.image()(0, 0) == 300.0F);
  // (100·4 + 600²·0.01)/16
  CHECK(result.variance()(0, 0) == doctest::Approx(250.0));
  for (int const x : {2, 3, 4, 10}) {
    CHECK(result.image()(x, 0) == 600.0F);
    CHECK(result.variance()(x, 0) == 100.0F);
    CHECK(result.mask().image()(x, 0) == result.mask().bit("BAD"));
  }
  CHECK(result.mask().image()(5, 0) == 0);
}

TEST_CASE("pixel arithmetic: a calibration of another size is a clear error") {
  Exposure frame = flat_exposure(10, 8, 1.0);
  frame.detector = two_amplifiers(10, 8, 1.0, 1.0, 5.0);
  TaskHarness harness(std::make_unique<Bias>());
  harness.give("exposure", frame);
  harness.give("bias", flat_exposure(10, 9, 1.0));
  CHECK_THROWS_WITH_AS(harness.run(), "the bias has 10 x 9 pixels, the exposure has 10 x 8 pixels",
                       DataError);
}

TEST_CASE("pixel arithmetic: in one pass, or from the raw frame on, is what single steps give") {
  // Two amplifiers of 21 x 13 pixels, one mirrored in x, the other in x and y; a gap between them.
  RawExposure raw = one_amplifier(21, 13, 9, 4);
  raw.detector.box = {0, 0, 45, 13};
  raw.detector.amplifiers.push_back(raw.detector.amplifiers[0]);
  raw.channels.push_back(raw.channels[0]);
  std::mt19937 random(11);
  std::normal_distribution<double> normal(0.0, 6.0);
  for (std::size_t i = 0; i < 2; ++i) {
    Amplifier& amplifier = raw.detector.amplifiers[i];
    amplifier.name = "A" + std::to_string(i);
    amplifier.flip_x = true;
    amplifier.flip_y = i == 1;
    amplifier.gain = 1.5 + 0.3 * static_cast<double>(i);
    amplifier.read_noise = 6.0;
    amplifier.saturation = 1400.0;
    amplifier.suspect = 1300.0;
    fill(raw.channels[i].image, [&](int x, int y) {
      return (x < 21 && y < 13 ? 1000.0 + 20.0 * x : 800.0) + normal(random);
    });
  }
  raw.detector.amplifiers[1].box.x0 = 24;
  raw.visit_info.exposure_time_s = 30.0;
  raw.channels[1].made_mask().image()(2, 3) = 1;

  Exposure bias = flat_exposure(45, 13, 0.0), dark = bias, flat = bias;
  for (Exposure* const frame : {&bias, &dark, &flat}) {
    fill(frame->image(), [&](int, int) { return 1.0 + 0.02 * normal(random); });
    fill(frame->variance(), [&](int, int) { return 0.1; });
  }
  bias.mask().image()(7, 7) = bias.mask().bit("BAD");
  flat.mask() = Mask(Image<MaskPixel>({0, 0, 45, 13}), {{"DUST", 2}});
  flat.mask().image()(8, 8) = 4;
  flat.image()(9, 9) = 0.0F;

  auto const levelled =
      run_task<Overscan>("raw", run_task<Saturation>("raw", raw)->result<RawExposure>("raw"));
  auto const gained = run_task<Gain>("raw", levelled->result<RawExposure>("raw"));
  Exposure const assembled =
      run_task<Assemble>("raw", gained->result<RawExposure>("raw"))->result<Exposure>("exposure");
  auto const with = [&](std::unique_ptr<Task> task, Exposure const& frame,
                        TaskHarness::Values const& parameters = {}) {
    TaskHarness harness(std::move(task), parameters);
    harness.give("exposure", frame);
    harness.give("bias", bias);
    harness.give("dark", dark);
    harness.give("flat", flat);
    harness.run();
    return harness.result<Exposure>("exposure");
  };
  auto const single = [&](std::unique_ptr<Task> task, Exposure const& frame,
                          std::string const& port, Exposure const& calibration) {
    TaskHarness harness(std::move(task));
    harness.give("exposure", frame);
    harness.give(port, calibration);
    harness.run();
    return harness.result<Exposure>("exposure");
  };
  Exposure expected = single(std::make_unique<Bias>(), assembled, "bias", bias);
  expected = run_task<Variance>("exposure", expected)->result<Exposure>("exposure");
  expected = single(std::make_unique<Dark>(), expected, "dark", dark);
  expected = single(std::make_unique<Flat>(), expected, "flat", flat);

  check_same_pixels(with(std::make_unique<AllArithmetic>(), assembled), expected);
  TaskHarness one_pass(std::make_unique<OnePass>());
  one_pass.give("raw", raw);
  one_pass.give("bias", bias);
  one_pass.give("dark", dark);
  one_pass.give("flat", flat);
  one_pass.run();
  Exposure const& at_once = one_pass.result<Exposure>("exposure");
  check_same_pixels(at_once, expected);
  CHECK(at_once.detector == expected.detector);
  CHECK(at_once.metadata == expected.metadata);
  // What the steps are about did happen.
  Mask const& mask = expected.mask();
  CHECK(mask.image()(22, 5) == mask.bits({"NO_DATA", "BAD"}));  // there is no gain, too
  CHECK((mask.image()(0, 4) & mask.bit("SAT")) != 0);
  CHECK((mask.image()(20, 4) & mask.bit("SAT")) == 0);
  CHECK((mask.image()(24 + 18, 9) & mask.bit("BAD")) != 0);
  CHECK(mask.image()(8, 8) == mask.bit("DUST"));
}

// The bar: flat residual below 0.5 %.
TEST_CASE("flat: a frame of uneven response comes out even to below 0.5 %") {
  std::mt19937 random(2);
  std::normal_distribution<double> normal;
  constexpr int width = 200, height = 150;
  constexpr double electrons = 20000.0, gain = 1.5;
  Exposure flat = flat_exposure(width, height, 1.0);
  fill(flat.image(), [&](int x, int y) {
    double const u = 2.0 * x / width - 1.0, v = 2.0 * y / height - 1.0;
    return (1.0 - 0.1 * (u * u + v * v)) * (x < width / 2 ? 1.0 : 0.98) + 0.005 * normal(random);
  });
  Exposure frame = flat_exposure(width, height, 0.0);
  frame.detector = two_amplifiers(width, height, gain, gain, 6.0);
  fill(frame.image(), [&](int x, int y) {
    double const expected = electrons * double{flat.image()(x, y)};
    return (expected + std::sqrt(expected) * normal(random)) / gain;
  });
  TaskHarness harness(std::make_unique<VarianceAndFlat>());
  harness.give("exposure", frame);
  harness.give("flat", flat);
  harness.run();
  Exposure const& result = harness.result<Exposure>("exposure");
  // In cells of 25 x 25 pixels, whose mean's noise is 0.03 %.
  double square = 0.0, chi_square = 0.0;
  for (int y0 = 0; y0 < height; y0 += 25)
    for (int x0 = 0; x0 < width; x0 += 25) {
      double mean = 0.0;
      for (int y = y0; y < y0 + 25; ++y)
        for (int x = x0; x < x0 + 25; ++x) mean += result.image()(x, y) * gain / electrons / 625.0;
      square += (mean - 1.0) * (mean - 1.0) / 48.0;
    }
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      double const off = result.image()(x, y) - electrons / gain;
      chi_square += off * off / result.variance()(x, y) / (width * height);
    }
  CHECK(std::sqrt(square) < 0.001);
  // The variance predicts the scatter; it holds a read noise of 36 in 20 000 that is not there.
  CHECK(chi_square == doctest::Approx(1.0).epsilon(0.02));
}

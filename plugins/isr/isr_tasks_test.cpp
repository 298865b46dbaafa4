#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "almagest/error.hpp"
#include "almagest/picture.hpp"

#include "assemble.hpp"
#include "defects.hpp"
#include "gain.hpp"
#include "grey_picture.hpp"
#include "rough_zero_point.hpp"
#include "saturation.hpp"
#include "set_bad.hpp"
#include "sky_statistics.hpp"
#include "test_frames.hpp"
#include "thumbnail.hpp"
#include "vignetting.hpp"
#include "widen_saturation.hpp"

using namespace almagest;
using namespace isr;
using namespace isr::test;

namespace {

constexpr float no_number = std::numeric_limits<float>::quiet_NaN();

std::int64_t count(Mask const& mask, MaskPixel bits) {
  return std::ranges::count_if(mask.image().pixels(),
                               [&](MaskPixel pixel) { return (pixel & bits) != 0; });
}

}  // namespace

TEST_CASE("saturation: at the level and above, in the overscan too; NaN levels flag nothing") {
  RawExposure raw = one_amplifier(10, 4, 3);
  fill(raw.channels[0].image, [](int x, int y) { return y == 2 ? 100.0 * x : 0.0; });
  raw.channels[0].image(4, 1) = no_number;
  auto const never = run_task<Saturation>("raw", raw);
  CHECK(never->result<RawExposure>("raw").channels[0].mask.image().empty());

  raw.detector.amplifiers[0].saturation = 800.0;
  raw.detector.amplifiers[0].suspect = 500.0;
  auto const harness = run_task<Saturation>("raw", raw);
  Mask const& mask = harness->result<RawExposure>("raw").channels[0].mask;
  CHECK(count(mask, mask.bit("SAT")) == 5);  // 8 … 12
  CHECK(count(mask, mask.bit("SUSPECT")) == 8);
  CHECK(mask.image()(7, 2) == mask.bit("SUSPECT"));
  CHECK(mask.image()(4, 1) == 0);
  CHECK(harness->metric("saturated") == 2.0);
}

TEST_CASE("saturation: an amplifier that is saturated, or a defect, as a whole is BAD") {
  RawExposure raw = one_amplifier(10, 4, 3);
  fill(raw.channels[0].image, [](int x, int) { return x % 2 ? 900.0 : 600.0; });
  raw.detector.amplifiers[0].saturation = 800.0;
  raw.detector.amplifiers[0].suspect = 500.0;
  auto const harness = run_task<Saturation>("raw", raw);
  Mask const& mask = harness->result<RawExposure>("raw").channels[0].mask;
  CHECK(count(mask, mask.bit("BAD")) == 40);
  CHECK(harness->log_lines().front().find("'C00' is marked BAD") != std::string::npos);

  raw.detector.amplifiers[0].suspect = raw.detector.amplifiers[0].saturation = 1e5;
  TaskHarness with_defects(std::make_unique<Saturation>());
  with_defects.give("raw", raw);
  with_defects.give("defects", Defects{{{-5, -5, 20, 20}}});
  with_defects.run();
  Mask const& dead = with_defects.result<RawExposure>("raw").channels[0].mask;
  CHECK(count(dead, dead.bit("BAD")) == 40);
}

TEST_CASE("gain: pixels and levels become electrons, the gain 1; without one the pixels are BAD") {
  RawExposure raw = one_amplifier(10, 4, 3);
  fill(raw.channels[0].image, [](int, int) { return 100.0; });
  Amplifier& amplifier = raw.detector.amplifiers[0];
  amplifier.gain = 1.5;
  amplifier.saturation = 800.0;
  auto const harness = run_task<Gain>("raw", raw);
  RawExposure const& result = harness->result<RawExposure>("raw");
  CHECK(result.channels[0].image(12, 3) == 150.0F);
  CHECK(result.amplifier(0).gain == 1.0);
  CHECK(result.amplifier(0).saturation == 1200.0);
  CHECK(std::isnan(result.amplifier(0).suspect));
  CHECK(result.amplifier(0).further.at("applied_gain") == 1.5);
  CHECK(result.metadata.text("BUNIT") == "electron");

  amplifier.gain = 0.0;
  auto const without = run_task<Gain>("raw", raw);
  Mask const& mask = without->result<RawExposure>("raw").channels[0].mask;
  CHECK(count(mask, mask.bit("BAD")) == 40);
}

TEST_CASE("assemble: flips, masks by name, and what comes from the raw frame") {
  RawExposure raw = one_amplifier(3, 2, 1);
  Amplifier& amplifier = raw.detector.amplifiers[0];
  fill(raw.channels[0].image, [](int x, int y) { return 10.0 * y + x; });
  raw.channels[0].mask = Mask(Image<MaskPixel>({0, 0, 4, 2}), {{"GLOW", 0}});
  raw.channels[0].mask.image()(0, 1) = 1;
  raw.visit_info.exposure_id = 7;
  raw.metadata.set("OBJECT", std::string("M31"));
  for (bool const flip_x : {false, true})
    for (bool const flip_y : {false, true}) {
      amplifier.flip_x = flip_x;
      amplifier.flip_y = flip_y;
      auto const harness = run_task<Assemble>("raw", raw);
      Exposure const& exposure = harness->result<Exposure>("exposure");
      for (int y = 0; y < 2; ++y)
        for (int x = 0; x < 3; ++x)
          CHECK(exposure.image()(x, y) ==
                static_cast<float>(10 * (flip_y ? 1 - y : y) + (flip_x ? 2 - x : x)));
      CHECK(exposure.mask().image()(flip_x ? 2 : 0, flip_y ? 0 : 1) == exposure.mask().bit("GLOW"));
      CHECK(count(exposure.mask(), -1) == 1);
      CHECK(exposure.variance()(1, 1) == 0.0F);
      CHECK(exposure.visit_info.exposure_id == 7);
      CHECK(exposure.metadata.text("OBJECT") == "M31");
      CHECK(exposure.metadata.text("BUNIT") == "adu");
    }
}

TEST_CASE("assemble: sections that do not fit are named") {
  RawExposure raw = one_amplifier(3, 2, 1);
  raw.detector.amplifiers[0].box.width = 4;
  CHECK_THROWS_WITH_AS(run_task<Assemble>("raw", raw),
                       "amplifier 'C00': its data section of 3 x 2 pixels at (0, 0) does not fill "
                       "its place of 4 x 2 pixels at (0, 0) in the detector",
                       DataError);
  raw = one_amplifier(3, 2, 1);
  raw.detector.amplifiers[0].box.x0 = 1;
  CHECK_THROWS_AS(run_task<Assemble>("raw", raw), DataError);
  raw = one_amplifier(3, 2, 1);
  raw.detector.amplifiers[0].raw_data.x0 = 2;
  CHECK_THROWS_WITH_AS(run_task<Assemble>("raw", raw),
                       "amplifier 'C00': its data section is not inside the raw image of 4 x 2 "
                       "pixels",
                       DataError);
  raw = one_amplifier(3, 2, 1);
  raw.detector.amplifiers.push_back(raw.detector.amplifiers[0]);
  CHECK_THROWS_AS(run_task<Assemble>("raw", raw), DataError);
  raw.channels.push_back(raw.channels[0]);
  raw.detector.amplifiers[1].name = "C01";
  CHECK_THROWS_WITH_AS(run_task<Assemble>("raw", raw),
                       "amplifiers 'C00' and 'C01' overlap in detector 'test'", DataError);
}

TEST_CASE("defects: boxes may leave the frame; NaN and infinite pixels are UNMASKEDNAN") {
  Exposure exposure = flat_exposure(20, 10, 1.0);
  exposure.image()(17, 9) = no_number;
  exposure.image()(3, 3) = std::numeric_limits<float>::infinity();
  exposure.variance()(4, 4) = no_number;
  TaskHarness harness(std::make_unique<FlagDefects>());
  harness.give("exposure", exposure);
  harness.give("defects", Defects{{{18, 8, 5, 5}, {-3, 0, 4, 1}, {30, 30, 2, 2}, {18, 9, 1, 1}}});
  harness.run();
  Mask const& mask = harness.result<Exposure>("exposure").mask();
  CHECK(count(mask, mask.bit("BAD")) == 5);
  CHECK(mask.image()(19, 8) == mask.bit("BAD"));
  CHECK(mask.image()(0, 0) == mask.bit("BAD"));
  CHECK(count(mask, mask.bit("UNMASKEDNAN")) == 3);
  CHECK(mask.image()(17, 9) == mask.bit("UNMASKEDNAN"));
  CHECK(harness.metric("not_finite") == 3.0);
  CHECK(run_task<FlagNotFinite>("exposure", exposure)->metric("not_finite") == 3.0);
}

TEST_CASE("widen saturation: 5 pixels not, 6 by 1, 8 by 3, 10 by 4, not beyond the frame") {
  struct {
    int length, expected;
  } const runs[] = {{1, 1}, {5, 5}, {6, 8}, {7, 9}, {8, 14}, {9, 15}, {10, 18}, {30, 38}};
  for (auto const [length, expected] : runs) {
    CAPTURE(length);
    Exposure exposure = flat_exposure(60, 2, 0.0);
    MaskPixel const bit = exposure.mask().bit("SAT");
    for (int x = 10; x < 10 + length; ++x) exposure.mask().image()(x, 1) = bit;
    for (int x = 60 - length; x < 60; ++x) exposure.mask().image()(x, 0) = bit;
    auto const harness = run_task<WidenSaturation>("exposure", exposure);
    Mask const& mask = harness->result<Exposure>("exposure").mask();
    CHECK(std::ranges::count(mask.image().row(1), bit) == expected);
    CHECK(std::ranges::count(mask.image().row(0), bit) == length + (expected - length) / 2);
  }
  TaskHarness::Values const unequal{{"widths", ConfigValue(ConfigValue::Array{1})}};
  CHECK_THROWS_AS(run_task<WidenSaturation>("exposure", flat_exposure(5, 5, 0.0), unequal),
                  ConfigError);
}

TEST_CASE("set bad: bad pixels get the median of good ones, interpolated ones stay") {
  Exposure exposure = flat_exposure(5, 5, 10.0);
  fill(exposure.variance(), [](int, int) { return 2.0; });
  Mask& mask = exposure.mask();
  exposure.image()(0, 0) = no_number;
  mask.image()(0, 0) = mask.bit("BAD");
  exposure.image()(1, 0) = 77.0F;
  mask.image()(1, 0) = mask.bits({"BAD", "INTRP"});
  exposure.variance()(0, 0) = no_number;
  auto const harness = run_task<SetBad>("exposure", exposure);
  Exposure const& result = harness->result<Exposure>("exposure");
  CHECK(result.image()(0, 0) == 10.0F);
  CHECK(result.variance()(0, 0) == 2.0F);
  CHECK(result.image()(1, 0) == 77.0F);
  CHECK(harness->metric("replaced") == 1.0);
  for (MaskPixel& pixel : mask.image().pixels()) pixel = mask.bit("BAD");
  CHECK_THROWS_AS(run_task<SetBad>("exposure", exposure), DataError);
}

TEST_CASE("vignetting: pixels whose centre is outside the circle, on a turned detector") {
  Exposure exposure = flat_exposure(40, 30, 1.0);
  Detector& detector = exposure.detector;
  detector.name = "test";
  detector.reference_pixel = {19.5, 14.5};
  detector.pixel_mm = 0.1;
  detector.position_mm = {3.0, -1.0};
  detector.yaw_deg = 30.0;
  auto const harness = run_task<Vignetting>(
      "exposure", exposure,
      {{"centre", ConfigValue(ConfigValue::Array{-1.5, 1.5})},
       {"radius", 5.0},
       {"planes",
        ConfigValue(ConfigValue::Array{std::string("NO_DATA"), std::string("VIGNETTED")})}});
  Mask const& mask = harness->result<Exposure>("exposure").mask();
  MaskPixel const both = mask.bits({"NO_DATA", "VIGNETTED"});
  int outside = 0;
  for (int y = 0; y < 30; ++y)
    for (int x = 0; x < 40; ++x) {
      Point const p = focal_plane_position(detector, {double(x), double(y)});
      bool const out = std::hypot(p.x + 1.5, p.y - 1.5) > 5.0;
      outside += out;
      REQUIRE(mask.image()(x, y) == (out ? both : 0));
    }
  CHECK(outside > 100);
  CHECK(outside < 1100);
  CHECK(harness->metric("vignetted") == outside);
  exposure.detector.pixel_mm = 0.0;
  CHECK_THROWS_AS(run_task<Vignetting>("exposure", exposure, {{"radius", 5.0}}), DataError);
}

TEST_CASE("rough zero point: by physical filter, then band, then default") {
  Exposure exposure = flat_exposure(2, 2, 0.0);
  exposure.visit_info.exposure_time_s = 30.0;
  exposure.visit_info.physical_filter = "HSC-I2";
  exposure.visit_info.band = "i";
  ConfigValue table;
  table.set("i", 2.754e11);
  table.set("HSC-R2", 3.981e11);
  auto const by_band = run_task<RoughZeroPoint>("exposure", exposure, {{"flux_mag0", table}});
  CHECK(by_band->result<Exposure>("exposure").require_photo_calib().flux_mag0 ==
        doctest::Approx(30.0 * 2.754e11));
  // 2.5 log10(2.754e11) = 28.6 per second (ISR document, step 18)
  CHECK(by_band->metric("zero_point") == doctest::Approx(28.6 + 2.5 * std::log10(30.0)));
  exposure.visit_info.physical_filter = "HSC-R2";
  CHECK(run_task<RoughZeroPoint>("exposure", exposure, {{"flux_mag0", table}})
            ->result<Exposure>("exposure")
            .require_photo_calib()
            .flux_mag0 == doctest::Approx(30.0 * 3.981e11));
  exposure.visit_info.physical_filter = exposure.visit_info.band = "NB0";
  auto const unknown = run_task<RoughZeroPoint>("exposure", exposure, {{"flux_mag0", table}});
  CHECK_FALSE(unknown->result<Exposure>("exposure").photo_calib);
  CHECK(unknown->log_lines().front().find("'NB0'") != std::string::npos);
  exposure.visit_info.exposure_time_s = 0.0;
  CHECK_THROWS_AS(run_task<RoughZeroPoint>("exposure", exposure, {{"flux_mag0", table}}),
                  DataError);
}

TEST_CASE("sky statistics: level, noise and flatness of a tilted sky") {
  std::mt19937 random(9);
  std::normal_distribution<double> normal(0.0, 20.0);
  Exposure exposure = flat_exposure(512, 512, 0.0);
  // From 950 to 1050 along x; cells of 128 pixels have means 962.5, 987.5, 1012.5, 1037.5.
  fill(exposure.image(), [&](int x, int) { return 950.0 + x / 5.12 + normal(random); });
  exposure.image()(3, 3) = 1e9F;
  exposure.mask().image()(3, 3) = exposure.mask().bit("SAT");
  exposure.image()(4, 3) = no_number;
  auto const harness = run_task<SkyStatistics>("exposure", exposure, {{"bin_size", 128}});
  Header const& metadata = harness->result<Exposure>("exposure").metadata;
  CHECK(metadata.number("SKYLEVEL") == doctest::Approx(1000.0).epsilon(1e-3));
  CHECK(metadata.number("SKYSIGMA") ==
        doctest::Approx(std::hypot(20.0, 100.0 / std::sqrt(12.0))).epsilon(0.02));
  CHECK(metadata.number("FLATNESS_PP") == doctest::Approx(0.075).epsilon(0.02));
  CHECK(metadata.number("FLATNESS_RMS") == doctest::Approx(0.02795).epsilon(0.02));
  CHECK(harness->metric("sky_level") == metadata.number("SKYLEVEL"));
  fill(exposure.image(), [](int, int) { return no_number; });
  CHECK_THROWS_AS(run_task<SkyStatistics>("exposure", exposure), DataError);
}

TEST_CASE("thumbnail: bins, asinh greys, saturated cores as bright as their border") {
  Exposure exposure = flat_exposure(42, 18, 100.0);
  std::mt19937 random(9);
  std::normal_distribution<double> normal(100.0, 2.0);
  fill(exposure.image(), [&](int, int) { return normal(random); });
  for (int y = 4; y < 12; ++y)
    for (int x = 16; x < 24; ++x) {
      exposure.image()(x, y) = 0.0F;  // a saturated core that reads as nothing
      exposure.mask().image()(x, y) = exposure.mask().bit("SAT");
    }
  for (int y = 4; y < 12; ++y) exposure.image()(24, y) = 40000.0F;
  for (int y = 12; y < 16; ++y)
    for (int x = 0; x < 4; ++x) exposure.image()(x, y) = no_number;
  auto const harness = run_task<Thumbnail>("exposure", exposure);
  Picture const& picture = harness->result<Picture>("thumbnail");
  REQUIRE(picture.red.bbox() == Box{0, 0, 11, 5});
  CHECK(picture.red.shares_pixels_with(picture.blue));
  auto const grey = [&](double above_minimum) {
    return 255.0 * 0.1 * std::asinh(20.0 * above_minimum / 5.0) / std::asinh(2.0);
  };
  double const sky = 6.0;  // 3 sigma above black
  CHECK(std::abs(picture.red(9, 2) - grey(sky)) < 8.0);
  CHECK(picture.red(0, 3) == 0);  // NaN
  CHECK(std::abs(picture.red(6, 1) - grey(10000.0 + sky)) < 3.0);
  CHECK(picture.red(4, 1) == picture.red(6, 1));
  CHECK(picture.red(5, 2) == picture.red(6, 1));
}

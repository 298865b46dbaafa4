#include "combine.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <memory>
#include <random>
#include <string>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

#include "date.hpp"

using namespace almagest;
using calibs::FlatLevelTable;

namespace {

constexpr Box box{10, 20, 37, 23};
constexpr double first_day = 60000.25;  // MJD, 2023-02-25

DataId frame_id(std::int64_t visit) {
  return {{"visit", visit}, {"detector", std::int64_t{5}}};
}

/// Level 100, noise 3; the same for the same visit.
Exposure frame(std::int64_t visit, double level = 100.0) {
  MaskedImage pixels(box);
  std::mt19937 generator(static_cast<unsigned>(visit));
  std::normal_distribution<double> normal(0.0, 0.03);
  for (float& value : pixels.image.pixels())
    value = static_cast<float>(level * (1.0 + normal(generator)));
  for (float& value : pixels.variance.pixels()) value = 9.0F;
  Exposure exposure(std::move(pixels));
  exposure.detector.name = "0_05";
  exposure.detector.id = 5;
  exposure.visit_info.mid_exposure_mjd_tai = first_day + 2.0 * static_cast<double>(visit - 1);
  exposure.visit_info.dark_time_s = 50.0;
  exposure.visit_info.observation_type = "dark";
  exposure.visit_info.band = visit == 1 ? "r" : "g";
  exposure.metadata.set("CALLEVEL", level);
  return exposure;
}

struct Harness : TaskHarness {
  explicit Harness(std::initializer_list<TaskHarness::Values::value_type> parameters = {})
      : TaskHarness(std::make_unique<calibs::Combine>(), TaskHarness::Values(parameters)) {
    set_id({{"detector", std::int64_t{5}}});
  }
  Harness& with(std::int64_t visit, Exposure exposure) {
    give_member("exposure", frame_id(visit), std::move(exposure));
    return *this;
  }
  Exposure const& combined() {
    CHECK_FALSE(run().skipped());
    return result<Exposure>("calib");
  }
};

double mean_of(Image<float> const& image) {
  double sum = 0.0;
  for (float const value : image.pixels()) sum += value;
  return sum / static_cast<double>(image.pixels().size());
}

}  // namespace

TEST_CASE(
    "combine: a ray in one of thirty frames leaves no trace; the variance is that of the mean") {
  Harness harness;
  for (std::int64_t visit = 1; visit <= 30; ++visit) {
    Exposure exposure = frame(visit);
    if (visit == 3) exposure.image()(8, 9) = 60000.0F;
    harness.with(visit, exposure);
  }
  Exposure const& combined = harness.combined();
  CHECK(combined.bbox() == box);
  CHECK(std::abs(combined.image()(8, 9) - 100.0F) < 6.0F);
  CHECK(mean_of(combined.image()) == doctest::Approx(100.0).epsilon(1e-3));
  // Within three sigma lies 97.3 % of a normal distribution's variance.
  CHECK(mean_of(combined.variance()) == doctest::Approx(0.973 * 9.0 / 30.0).epsilon(0.03));
  CHECK(harness.metric("inputs") == 30);
  CHECK(harness.metric("bad_pixels") == 0);
  for (MaskPixel const pixel : combined.mask().image().pixels()) REQUIRE(pixel == 0);
}

TEST_CASE("combine: memory and rows at a time change nothing") {
  MaskedImage wide(Box{0, 0, 15000, 40});
  for (std::size_t i = 0; i < wide.image.pixels().size(); ++i)
    wide.image.pixels()[i] = static_cast<float>(i % 1013);
  Exposure results[2];
  for (int const large : {0, 1}) {
    Harness harness{{"memory", large == 0 ? 1 : 100}};
    for (std::int64_t visit = 1; visit <= 5; ++visit) {
      Exposure exposure(wide);
      for (float& value : exposure.image().pixels()) value *= 1.0F + 0.01F * float(visit);
      harness.with(visit, exposure);
    }
    results[large] = harness.combined();
  }
  CHECK(std::ranges::equal(results[0].image().pixels(), results[1].image().pixels()));
  CHECK(std::ranges::equal(results[0].variance().pixels(), results[1].variance().pixels()));
}

TEST_CASE("combine: with fewer than five frames the variance is that of the frames") {
  Harness harness;
  Exposure second = frame(2);
  for (float& value : second.variance().pixels()) value = 27.0F;
  second.mask().image()(4, 4) = second.mask().bit("SAT");
  harness.with(1, frame(1)).with(2, second);
  Exposure const& combined = harness.combined();
  CHECK(combined.variance()(0, 0) == doctest::Approx(9.0));  // (9 + 27)/4
  CHECK(combined.variance()(4, 4) == doctest::Approx(9.0));
  CHECK(combined.image()(4, 4) == frame(1).image()(4, 4));

  // Counts/gain of a pixel without light may be negative: then it takes that of others.
  Exposure dark = frame(1);
  dark.variance()(7, 7) = -1.0F;
  Harness single;
  CHECK(single.with(1, dark).combined().variance()(7, 7) == 9.0F);
}

TEST_CASE("combine: what looks like a cosmic ray in all frames is a hot pixel") {
  for (int const frames : {2, 4}) {
    CAPTURE(frames);
    Harness harness{{"passing", ConfigValue::Array{ConfigValue("CR")}}};
    for (int visit = 1; visit <= frames; ++visit) {
      Exposure exposure = frame(visit);
      MaskPixel const ray = exposure.mask().bit("CR");
      for (Pixel const p : {Pixel{3, 3}, Pixel{5, 5}}) {
        exposure.image()(p.x, p.y) = 5000.0F + static_cast<float>(visit);
        exposure.mask().image()(p.x, p.y) = ray;
      }
      if (visit == 1) exposure.mask().image()(5, 5) |= exposure.mask().bit("SAT");
      harness.with(visit, exposure);
    }
    Exposure const& combined = harness.combined();
    MaskPixel const bad = combined.mask().bit("BAD");
    CHECK(combined.mask().image()(5, 5) == bad);  // in one frame it is something else, too
    CHECK(combined.mask().image()(3, 3) == (frames == 2 ? bad : 0));
    if (frames == 2) continue;
    CHECK(combined.image()(3, 3) == 5002.5F);
    CHECK(combined.variance()(3, 3) == doctest::Approx(5.0 / 3.0 / 4.0));
  }
}

TEST_CASE("combine: pixels that no frame has are BAD and get the median") {
  Harness harness;
  for (std::int64_t visit = 1; visit <= 5; ++visit) {
    Exposure exposure = frame(visit);
    exposure.image()(3, 3) = std::numeric_limits<float>::quiet_NaN();
    exposure.mask().image()(30, 20) = exposure.mask().bit("INTRP");
    exposure.mask().image()(31, 20) = exposure.mask().bit("BAD");  // is not ignored
    if (visit > 1) exposure.mask().image()(32, 20) = exposure.mask().bit("SAT");
    harness.with(visit, exposure);
  }
  Exposure const& combined = harness.combined();
  MaskPixel const bad = combined.mask().bit("BAD");
  CHECK(harness.metric("bad_pixels") == 2);
  for (Pixel const p : {Pixel{3, 3}, Pixel{30, 20}}) {
    CHECK(combined.mask().image()(p.x, p.y) == bad);
    CHECK(combined.image()(p.x, p.y) == static_cast<float>(harness.metric("median")));
  }
  CHECK(combined.mask().image()(31, 20) == 0);
  CHECK(combined.image()(32, 20) == frame(1).image()(32, 20));
  CHECK(combined.variance()(32, 20) > 4.0F);  // of a single frame, not of the mean of five
  for (float const value : combined.variance().pixels()) REQUIRE(std::isfinite(value));
}

TEST_CASE("combine: darks become a rate") {
  Harness harness{{"scale", "dark_time"}};
  for (std::int64_t visit = 1; visit <= 5; ++visit) {
    Exposure exposure = frame(visit, 100.0 * double(visit));
    exposure.visit_info.dark_time_s = 50.0 * double(visit);
    exposure.metadata.set("BUNIT", std::string("electron"));
    harness.with(visit, exposure);
  }
  Exposure const& combined = harness.combined();
  CHECK(mean_of(combined.image()) == doctest::Approx(2.0).epsilon(1e-3));
  CHECK(combined.metadata.text("BUNIT") == "electron/s");
  CHECK(combined.visit_info.dark_time_s == 1.0);
  CHECK(combined.metadata.number("SCALE003") == 150.0);

  Exposure unknown = frame(9);
  unknown.visit_info.dark_time_s = std::numeric_limits<double>::quiet_NaN();
  Harness failing{{"scale", "dark_time"}};
  failing.with(9, unknown);
  CHECK_THROWS_WITH_AS(failing.run(), doctest::Contains("visit=9 detector=5: its dark time"),
                       DataError);
}

TEST_CASE("combine: flats are divided by their own levels, or by those of their exposures") {
  Harness alone{{"scale", "level"}};
  Harness together{{"scale", "level"}};
  FlatLevelTable table;
  for (std::int64_t visit = 1; visit <= 5; ++visit) {
    double const level = 1000.0 * double(visit);
    alone.with(visit, frame(visit, level));
    together.with(visit, frame(visit, level));
    table.rows.push_back({frame_id(visit).str(), level, level / 0.8, 0.8});
  }
  CHECK(mean_of(alone.combined().image()) == doctest::Approx(1.0).epsilon(1e-3));
  CHECK(alone.combined().metadata.text("BUNIT").empty());
  together.give("flat_levels", table);
  CHECK(mean_of(together.combined().image()) == doctest::Approx(0.8).epsilon(1e-3));
  CHECK(alone.log_lines().back().find("each divided by its own level") != std::string::npos);
  CHECK(together.log_lines().back().find("(flat_levels)") != std::string::npos);

  together.with(6, frame(6, 1000.0));
  CHECK_THROWS_WITH_AS(together.run(),
                       "visit=6 detector=5: not among the 5 flats of flat_levels; make them again",
                       DataError);
}

TEST_CASE("combine: the header tells the frames, their scales and dates, and the validity") {
  Harness harness{{"validity_days", 30.0}};
  for (std::int64_t visit = 1; visit <= 3; ++visit) harness.with(visit, frame(visit));
  Header const& header = harness.combined().metadata;
  CHECK(header.integer("NCOMBINE") == 3);
  CHECK(header.text("INPUT002") == "visit=2 detector=5");
  CHECK(header.number("SCALE002") == 1.0);
  CHECK(header.text("IDATE001") == "2023-02-25");
  CHECK(header.text("CALIBDAT") == "2023-02-27");  // the middle of three nights
  CHECK(header.text("VALIDBEG") == "2023-01-28");
  CHECK(header.text("VALIDEND") == "2023-03-29");
  CHECK(header.text("CALIB_ID") == "detector=5 calibDate=2023-02-27");
  Exposure const& combined = harness.combined();
  CHECK(combined.id == DataId{{"detector", std::int64_t{5}}});
  CHECK(combined.detector.name == "0_05");
  CHECK(combined.visit_info.observation_type == "dark");
  CHECK(combined.visit_info.band.empty());  // not the same in all

  Harness first{{"calib_date", "first"}};
  for (std::int64_t visit = 1; visit <= 3; ++visit) first.with(visit, frame(visit));
  CHECK(first.combined().metadata.text("CALIBDAT") == "2023-02-25");

  Exposure undated = frame(1);
  undated.visit_info.mid_exposure_mjd_tai = std::numeric_limits<double>::quiet_NaN();
  Harness without_dates;
  without_dates.with(1, undated);
  CHECK_FALSE(without_dates.combined().metadata.has("CALIBDAT"));
}

TEST_CASE("combine: days change at midnight UTC") {
  CHECK(calibs::utc_date(51544.5) == "2000-01-01");
  CHECK(calibs::utc_date(60369.0) == "2024-02-28");  // 37 s before the 29th
  CHECK(calibs::utc_date(60369.001) == "2024-02-29");
  CHECK(calibs::utc_date(40587.5) == "1970-01-01");
}

TEST_CASE("combine: frames of another detector, size or unit are refused by name") {
  auto const message = [](Exposure const& second) {
    Harness harness;
    harness.with(1, frame(1)).with(2, second);
    try {
      harness.run();
    } catch (DataError const& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  Exposure other = frame(2);
  other.detector.id = 6;
  CHECK(message(other) ==
        "visit=2 detector=5: its detector is 0_05 (6), that of visit=1 detector=5 is 0_05 (5): "
        "only frames of one detector can be combined");
  other = frame(2);
  other.metadata.set("BUNIT", std::string("electron"));
  CHECK(message(other) ==
        "visit=2 detector=5: its unit is 'electron', that of visit=1 detector=5 is 'adu'");
  other = Exposure{MaskedImage(Box{10, 20, 30, 20})};
  CHECK_FALSE(message(other).empty());
}

TEST_CASE("combine: with too few frames the task fails and says what became of the others") {
  Harness harness{{"min_inputs", 2}};
  harness.with(1, frame(1));
  harness.give_missing_member("exposure", frame_id(2), QuantumState::failed, "no overscan");
  CHECK_THROWS_WITH_AS(harness.run(), "1 frame to combine, 2 needed (min_inputs)", DataError);
  CHECK(harness.log_lines().front().find("visit=2 detector=5: failed (no overscan)") !=
        std::string::npos);
  Harness none;
  none.give_missing_member("exposure", frame_id(2), QuantumState::skipped, "twilight");
  CHECK_THROWS_WITH_AS(none.run(),
                       "there is no frame to combine; first of 1 frame: visit=2 detector=5: "
                       "skipped (twilight)",
                       DataError);
}

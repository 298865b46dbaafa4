#include "measure.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <random>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"
#include "almagest/wcs.hpp"

#include "base_algorithms.hpp"
#include "further_algorithms.hpp"
#include "test_field.hpp"

using namespace almagest;
using namespace measurement;

namespace {

constexpr double psf_sigma = 1.5;
constexpr double noise = 2.0;
Point const star{60.3, 50.8};

/// Fails for every source: what a plugin's own algorithm may do.
class Hopeless final : public MeasurementAlgorithm {
 public:
  void declare(Schema& schema, std::string const& prefix) override {
    schema.add<double>(prefix + "_value", "", "Never measured");
    schema.add_flag(prefix + "_flag", "Always set");
  }
  void measure(SourceRecord& source) const override {
    throw MeasurementError("no hope at row " + std::to_string(source.row));
  }
};

/// Another plugin's centroid.
class TruePlace final : public MeasurementAlgorithm {
 public:
  void declare(Schema&, std::string const&) override {}
  std::string gives() const override { return "centroid"; }
  void measure(SourceRecord& source) const override { source.centroid = star; }
};

/// What stands in the image at the source's peak.
class PeakPixel final : public MeasurementAlgorithm {
 public:
  void declare(Schema& schema, std::string const& prefix) override {
    alone_ = schema.add<double>(prefix + "_alone", "", "Value when the source is alone");
    family_ = schema.add<double>(prefix + "_family", "", "Value with the whole family");
  }
  void measure(SourceRecord& source) const override { source.set(alone_, value(source)); }
  void measure_in_family(SourceRecord& source) const override {
    source.set(family_, value(source));
  }

 private:
  static double value(SourceRecord const& source) {
    return source.exposure.image().at(source.footprint.peaks().front().pixel);
  }
  Key<double> alone_, family_;
};

ComponentTable const& components() {
  static ComponentTable const table = [] {
    ComponentTable t;
    t.add<MeasurementAlgorithm, SdssCentroid>("base_SdssCentroid");
    t.add<MeasurementAlgorithm, SdssShape>("base_SdssShape");
    t.add<MeasurementAlgorithm, GaussianFlux>("base_GaussianFlux");
    t.add<MeasurementAlgorithm, PsfFlux>("base_PsfFlux");
    t.add<MeasurementAlgorithm, CircularApertureFlux>("base_CircularApertureFlux");
    t.add<MeasurementAlgorithm, PixelFlags>("base_PixelFlags");
    t.add<MeasurementAlgorithm, LocalBackground>("base_LocalBackground");
    t.add<MeasurementAlgorithm, Hopeless>("test_Hopeless");
    t.add<MeasurementAlgorithm, TruePlace>("test_TruePlace");
    t.add<MeasurementAlgorithm, PeakPixel>("test_PeakPixel");
    return t;
  }();
  return table;
}

Exposure exposure_with_star(double flux = 2e4) {
  MaskedImage pixels(Box{0, 0, 140, 100});
  std::mt19937 generator(2);
  test_field::add_noise(pixels.image, noise, generator);
  test_field::add_gaussian(pixels.image, star, {psf_sigma * psf_sigma, psf_sigma * psf_sigma, 0.0},
                           flux);
  for (float& value : pixels.variance.pixels()) value = static_cast<float>(noise * noise);
  Exposure exposure(std::move(pixels));
  exposure.psf = std::make_shared<GaussianPsf>(psf_sigma, 25);
  exposure.wcs = Wcs({70.0, 50.0}, {1.0, 0.2}, {-1e-4, 0.0, 0.0, 1e-4});
  return exposure;
}

Footprint square(int x, int y, int half, std::vector<Peak> peaks) {
  std::vector<Span> spans;
  for (int v = y - half; v <= y + half; ++v) spans.push_back({v, x - half, x + half});
  return {std::move(spans), std::move(peaks)};
}

FootprintSet one_star() {
  return {Box{0, 0, 140, 100}, {square(60, 51, 6, {{{60, 51}, 500.0F}})}, {}, {}};
}

/// A child with the same light in each pixel.
Footprint child(int x, int y, int half, float value) {
  Footprint footprint = square(x, y, half, {{{x, y}, value}});
  footprint.set_values(std::vector<float>(static_cast<std::size_t>(footprint.area()), value));
  return footprint;
}

ConfigValue using_only(std::vector<std::string> const& names) {
  ConfigValue table;
  table.set("use", ConfigTraits<std::vector<std::string>>::write(names));
  return table;
}

struct Harness : TaskHarness {
  explicit Harness(Values const& values = {}, Exposure exposure = exposure_with_star(),
                   FootprintSet footprints = one_star())
      : TaskHarness(std::make_unique<Measure>(), values, &components()) {
    give("exposure", std::move(exposure));
    give("footprints", std::move(footprints));
  }
  SourceCatalog const& sources() const { return result<SourceCatalog>("sources"); }
  double number(std::string const& column, std::size_t row = 0) const {
    return sources().get(row, sources().schema().key<double>(column));
  }
  bool flag(std::string const& column, std::size_t row = 0) const {
    return sources().get(row, sources().schema().key<bool>(column));
  }
  std::int64_t integer(std::string const& column, std::size_t row = 0) const {
    return sources().get(row, sources().schema().key<std::int64_t>(column));
  }
};

}  // namespace

TEST_CASE("measure: a star's position, shape, fluxes and sky coordinates") {
  Harness harness;
  harness.run();
  REQUIRE(harness.sources().size() == 1);
  CHECK(harness.number("base_SdssCentroid_x") == doctest::Approx(star.x).epsilon(5e-4));
  CHECK(harness.number("base_SdssCentroid_y") == doctest::Approx(star.y).epsilon(5e-4));
  CHECK(harness.number("base_SdssShape_xx") == doctest::Approx(2.25).epsilon(0.02));
  CHECK(harness.number("base_PsfFlux_instFlux") == doctest::Approx(2e4).epsilon(3e-3));
  CHECK(harness.number("base_GaussianFlux_instFlux") == doctest::Approx(2e4).epsilon(0.01));
  CHECK(harness.number("base_CircularApertureFlux_6_0_instFlux") ==
        doctest::Approx(2e4 * (1.0 - std::exp(-8.0))).epsilon(5e-3));
  CHECK(harness.number("base_CircularApertureFlux_12_0_instFlux") ==
        doctest::Approx(2e4).epsilon(0.01));
  CHECK(!harness.flag("base_PsfFlux_flag"));
  CHECK(!harness.flag("base_SdssShape_flag"));
  SkyPoint const sky = exposure_with_star().wcs->pixel_to_sky(
      {harness.number("base_SdssCentroid_x"), harness.number("base_SdssCentroid_y")});
  CHECK(harness.number("coord_ra") == sky.ra);
  CHECK(harness.number("coord_dec") == sky.dec);
  CHECK(harness.metric("failures") == 0.0);
}

TEST_CASE("measure: ids count from the exposure's first source; columns say unit and meaning") {
  Harness harness;
  harness.run();
  // The harness' visit 1, detector 0 is exposure 1000, shifted by 26 bits.
  CHECK(harness.integer("id") == (std::int64_t{1000} << 26) + 1);
  CHECK(harness.integer("parent") == 0);
  Schema const& schema = harness.schema("sources");
  CHECK(schema.find("base_PsfFlux_instFlux")->unit == "ct");
  CHECK(schema.find("base_SdssCentroid_x")->unit == "pix");
  CHECK(schema.find("base_SdssShape_xx")->unit == "pix2");
  CHECK(schema.find("coord_ra")->unit == "rad");
  for (Column const& column : schema.columns()) CHECK_FALSE(column.doc.empty());
}

TEST_CASE("measure: a row per footprint, parents first; children know their parents") {
  FootprintSet set = one_star();
  set.footprints.insert(set.footprints.begin(), square(100, 50, 10, {{{97, 50}, 20.0F}}));
  set.footprints.insert(set.footprints.begin(), square(30, 30, 3, {{{30, 30}, 5.0F}}));
  set.footprints.push_back(child(96, 50, 2, 10.0F));
  set.footprints.push_back(child(103, 51, 2, 5.0F));
  set.children = {{1, true, false}, {1, false, true}};
  set.skipped = {2};
  Harness harness({}, exposure_with_star(), set);
  harness.run();
  SourceCatalog const& sources = harness.sources();
  REQUIRE(sources.size() == 5);
  auto const count = sources.schema().key<std::int32_t>("deblend_nChild");
  std::vector<std::int32_t> const children{0, 2, 0, 0, 0};
  for (std::size_t row = 0; row < 5; ++row) {
    CHECK(harness.integer("id", row) == harness.integer("id", 0) + static_cast<std::int64_t>(row));
    CHECK(harness.integer("parent", row) == (row < 3 ? 0 : harness.integer("id", 1)));
    CHECK(sources.get(row, count) == children[row]);
    CHECK(harness.flag("deblend_skipped", row) == (row == 2));
    CHECK(*sources.footprint(row) == set.footprints[row]);
  }
  CHECK(harness.flag("deblend_deblendedAsPsf", 3));
  CHECK(!harness.flag("deblend_rampedTemplate", 3));
  CHECK(!harness.flag("deblend_deblendedAsPsf", 4));
  CHECK(harness.flag("deblend_rampedTemplate", 4));
  CHECK(harness.log_lines() ==
        std::vector<std::string>{"info: 5 sources measured, 2 of them children"});
}

TEST_CASE("measure: a neighbour's light is replaced by noise, unless it is asked to stay") {
  Exposure exposure = exposure_with_star();
  test_field::add_gaussian(exposure.image(), {76.0, 51.0}, {2.25, 2.25, 0.0}, 4e4);
  FootprintSet set = one_star();
  set.footprints.push_back(square(76, 51, 6, {{{76, 51}, 1000.0F}}));
  auto const flux = [&](bool replace) {
    Harness harness({{"replace_neighbours", replace}}, exposure, set);
    harness.run();
    return harness.number("base_CircularApertureFlux_17_0_instFlux");
  };
  // Noise of width 2 over 900 pixels scatters by 60.
  CHECK(flux(true) == doctest::Approx(2e4).epsilon(0.015));
  CHECK(flux(false) > 4e4);
}

TEST_CASE("measure: the replacing noise has the image's level and width, without NaN pixels") {
  Exposure exposure = exposure_with_star();
  exposure.image()(3, 3) = std::numeric_limits<float>::quiet_NaN();
  exposure.image()(62, 53) = std::numeric_limits<float>::quiet_NaN();  // in the star's footprint
  Harness harness({}, exposure);
  harness.run();
  CHECK(std::abs(harness.metric("noise_mean")) < 0.1);
  CHECK(harness.metric("noise_sigma") == doctest::Approx(noise).epsilon(0.02));
  CHECK(harness.number("base_PsfFlux_instFlux") == doctest::Approx(2e4).epsilon(0.02));
  CHECK(harness.flag("base_PsfFlux_flag"));  // pixels were left out
}

TEST_CASE("measure: children are measured by their own light, parents by all of theirs") {
  FootprintSet set = one_star();
  Exposure const exposure = exposure_with_star();
  // The star's light, shared 3 : 1 by two children.
  for (double const share : {0.75, 0.25}) {
    Footprint part = square(60, 51, 6, {{{60, 51}, 100.0F}});
    std::vector<float> values;
    for (Span const& span : part.spans())
      for (int x = span.x0; x <= span.x1; ++x)
        values.push_back(static_cast<float>(share * double{exposure.image().at({x, span.y})}));
    part.set_values(std::move(values));
    set.footprints.push_back(std::move(part));
    set.children.push_back({0, false, false});
  }
  Harness harness({}, exposure, set);
  harness.run();
  CHECK(harness.number("base_PsfFlux_instFlux", 0) == doctest::Approx(2e4).epsilon(3e-3));
  CHECK(harness.number("base_PsfFlux_instFlux", 1) == doctest::Approx(1.5e4).epsilon(3e-3));
  CHECK(harness.number("base_PsfFlux_instFlux", 2) == doctest::Approx(5e3).epsilon(3e-3));
}

TEST_CASE("measure: measure_in_family sees the parent's light, measure only the child's") {
  FootprintSet set = one_star();
  set.footprints.push_back(child(60, 51, 2, 7.0F));
  set.children = {{0, false, false}};
  Exposure const exposure = exposure_with_star();
  Harness harness({{"algorithms", using_only({"test_PeakPixel"})}}, exposure, set);
  harness.run();
  double const light = exposure.image().at({60, 51});
  CHECK(harness.number("test_PeakPixel_alone", 0) == light);
  CHECK(std::isnan(harness.number("test_PeakPixel_family", 0)));
  CHECK(harness.number("test_PeakPixel_alone", 1) == 7.0);
  CHECK(harness.number("test_PeakPixel_family", 1) == light);
}

TEST_CASE("measure: a child without pixels is measured on the noise and kept at its peak") {
  FootprintSet set = one_star();
  set.footprints.push_back(Footprint({}, {{{64, 53}, 1.0F}}));
  set.children = {{0, false, false}};
  Harness harness({}, exposure_with_star(), set);
  harness.run();
  REQUIRE(harness.sources().size() == 2);
  CHECK(harness.flag("base_SdssCentroid_flag", 1));
  CHECK(harness.number("base_SdssCentroid_x", 1) == 64.0);
  CHECK(harness.number("base_SdssCentroid_y", 1) == 53.0);
  // σ of the PSF flux in noise of 2 is 2·√(4π)·1.5 = 10.6.
  CHECK(std::abs(harness.number("base_PsfFlux_instFlux", 1)) < 50.0);
}

TEST_CASE("measure: no source gives an empty table with all columns, and it is said") {
  Harness harness({}, exposure_with_star(), {Box{0, 0, 140, 100}, {}, {}, {}});
  CHECK(harness.run().skip_reason.empty());
  CHECK(harness.sources().empty());
  CHECK(harness.sources().schema() == harness.schema("sources"));
  CHECK(harness.log_lines() ==
        std::vector<std::string>{"warning: no source to measure: the catalogue is empty"});
}

TEST_CASE("measure: an algorithm that fails leaves NaN and its flag, and the others go on") {
  Harness harness(
      {{"algorithms", using_only({"base_SdssCentroid", "test_Hopeless", "base_PsfFlux"})}});
  harness.run();
  CHECK(std::isnan(harness.number("test_Hopeless_value")));
  CHECK(harness.flag("test_Hopeless_flag"));
  CHECK(!harness.flag("base_PsfFlux_flag"));
  CHECK(harness.metric("failures") == 1.0);
  CHECK(harness.log_lines().front() ==
        "warning: test_Hopeless failed for 1 of 1 source, the first of them " +
            std::to_string((std::int64_t{1000} << 26) + 1) + ": no hope at row 0");
}

TEST_CASE("measure: without a PSF what needs it is flagged, the rest is measured at the peak") {
  Exposure exposure = exposure_with_star();
  exposure.psf.reset();
  Harness harness({}, exposure);
  harness.run();
  CHECK(harness.flag("base_SdssCentroid_flag"));
  CHECK(harness.flag("base_PsfFlux_flag"));
  CHECK(std::isnan(harness.number("base_PsfFlux_instFlux")));
  CHECK(harness.flag("base_CircularApertureFlux_6_0_flag"));  // the centroid is only a peak
  CHECK(harness.number("base_CircularApertureFlux_6_0_instFlux") ==
        doctest::Approx(2e4).epsilon(0.02));
  CHECK(std::isfinite(harness.number("coord_ra")));
  CHECK(harness.flag("base_GaussianFlux_flag"));

  // In the stack's way the Gaussian flux is not flagged for its centroid.
  ConfigValue cleared = using_only({"base_SdssCentroid", "base_SdssShape", "base_GaussianFlux"});
  cleared.set("base_GaussianFlux", ConfigValue()).set("clear_flag", true);
  Harness stack({{"algorithms", cleared}}, exposure);
  stack.run();
  CHECK(stack.flag("base_SdssCentroid_flag"));
  CHECK(!stack.flag("base_GaussianFlux_flag"));
}

TEST_CASE("measure: with a PSF of zeros what needs it is flagged, and the log says why") {
  Exposure exposure = exposure_with_star();
  exposure.psf = std::make_shared<KernelPsf>(
      std::vector<KernelPsf::Basis>{{Image<double>(Box{-5, -5, 11, 11}), {1.0}}}, 0, 0, 1.0);
  Harness harness({}, exposure);
  harness.run();
  for (char const* const name : {"base_SdssCentroid", "base_PsfFlux"})
    CHECK(harness.flag(std::string(name) + "_flag"));
  CHECK(std::isnan(harness.number("base_PsfFlux_instFlux")));
  CHECK(harness.number("base_CircularApertureFlux_12_0_instFlux") ==
        doctest::Approx(2e4).epsilon(0.02));
  INFO(harness.log_lines().front());
  CHECK(harness.log_lines().front().starts_with("warning: base_SdssCentroid failed for 1 of 1"));
  CHECK(harness.log_lines().front().find("PSF") != std::string::npos);
}

TEST_CASE("measure: without a WCS the sky coordinates are NaN, and it is said") {
  Exposure exposure = exposure_with_star();
  exposure.wcs.reset();
  Harness harness({}, exposure);
  harness.run();
  CHECK(std::isnan(harness.number("coord_ra")));
  CHECK(harness.log_lines().front() ==
        "warning: the exposure has no WCS: coord_ra and coord_dec are NaN");
}

TEST_CASE("measure: a source at the image's corner is flagged and aborts nothing") {
  Exposure exposure = exposure_with_star();
  exposure.image()(0, 0) = 1e4F;
  FootprintSet set = one_star();
  set.footprints.push_back(Footprint({{0, 0, 2}, {1, 0, 1}}, {{{0, 0}, 1e4F}}));
  set.footprints.push_back(Footprint({{99, 139, 139}}, {}));  // not even a peak
  Harness harness({}, exposure, set);
  harness.run();
  REQUIRE(harness.sources().size() == 3);
  for (std::size_t const row : {1, 2}) {
    CHECK(harness.flag("base_SdssCentroid_flag", row));
    CHECK(harness.flag("base_SdssCentroid_flag_edge", row));
    CHECK(harness.flag("base_PsfFlux_flag_edge", row));
    CHECK(harness.flag("base_CircularApertureFlux_6_0_flag_apertureTruncated", row));
    CHECK(std::isnan(harness.number("base_CircularApertureFlux_6_0_instFlux", row)));
  }
}

TEST_CASE("measure: frames of NaN, and wholly masked ones, give rows of flags") {
  Exposure exposure = exposure_with_star();
  for (float& value : exposure.image().pixels()) value = std::numeric_limits<float>::quiet_NaN();
  for (MaskPixel& pixel : exposure.mask().image().pixels())
    pixel = exposure.mask().bits({"NO_DATA", "SAT"});
  Harness harness({}, exposure);
  harness.run();
  CHECK(harness.flag("base_SdssCentroid_flag"));
  CHECK(harness.flag("base_SdssShape_flag"));
  CHECK(harness.flag("base_PsfFlux_flag"));
  CHECK(harness.flag("base_PixelFlags_flag_edge"));
  CHECK(harness.flag("base_PixelFlags_flag_saturatedCenter"));
  CHECK(!harness.flag("base_PixelFlags_flag_cr"));
  CHECK(harness.log_lines().front() ==
        "warning: no pixel of the image is a number: sources are replaced by zeros");
}

TEST_CASE("measure: an algorithm before one that it needs is refused before the run") {
  Harness harness(
      {{"algorithms", using_only({"base_SdssCentroid", "base_GaussianFlux", "base_SdssShape"})}});
  CHECK_THROWS_WITH_AS(harness.run(),
                       "measurement algorithm 'base_GaussianFlux' needs 'base_SdssShape' before it "
                       "in algorithms.use",
                       ConfigError);
}

TEST_CASE("measure: what measures at the centroid is refused before it, and serves any centroid") {
  for (char const* const name : {"base_SdssShape", "base_GaussianFlux", "base_PsfFlux",
                                 "base_CircularApertureFlux", "base_PixelFlags"}) {
    Harness harness({{"algorithms", using_only({name, "base_SdssCentroid"})}});
    CHECK_THROWS_WITH_AS(harness.run(),
                         ("measurement algorithm '" + std::string(name) +
                          "' needs 'centroid' before it in algorithms.use")
                             .c_str(),
                         ConfigError);
  }
  Harness harness({{"algorithms", using_only({"test_TruePlace", "base_PsfFlux"})}});
  harness.run();
  CHECK(harness.number("base_PsfFlux_instFlux") == doctest::Approx(2e4).epsilon(3e-3));
}

TEST_CASE("measure: a mask plane that does not exist fails the frame, not source by source") {
  ConfigValue algorithms = using_only({"base_SdssCentroid", "base_LocalBackground"});
  algorithms.set("base_LocalBackground", ConfigValue())
      .set("ignore", ConfigValue::Array{ConfigValue("BADD")});
  Harness harness({{"algorithms", algorithms}});
  CHECK_THROWS_WITH_AS(harness.run(),
                       doctest::Contains("'base_LocalBackground': the mask has no plane 'BADD'"),
                       ConfigError);
}

TEST_CASE("measure: radii stand in the column names as LSST writes them") {
  CHECK(radius_name(6.0) == "6_0");
  CHECK(radius_name(4.5) == "4_5");
  CHECK(radius_name(70.0) == "70_0");
}

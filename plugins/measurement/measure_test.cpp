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

ComponentTable const& components() {
  static ComponentTable const table = [] {
    ComponentTable t;
    t.add<MeasurementAlgorithm, SdssCentroid>("base_SdssCentroid");
    t.add<MeasurementAlgorithm, SdssShape>("base_SdssShape");
    t.add<MeasurementAlgorithm, GaussianFlux>("base_GaussianFlux");
    t.add<MeasurementAlgorithm, PsfFlux>("base_PsfFlux");
    t.add<MeasurementAlgorithm, CircularApertureFlux>("base_CircularApertureFlux");
    t.add<MeasurementAlgorithm, PixelFlags>("base_PixelFlags");
    t.add<MeasurementAlgorithm, Hopeless>("test_Hopeless");
    t.add<MeasurementAlgorithm, TruePlace>("test_TruePlace");
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
  return {Box{0, 0, 140, 100}, {square(60, 51, 6, {{{60, 51}, 500.0F}})}};
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

TEST_CASE("measure: families are the footprint and a child for each of several peaks") {
  FootprintSet set = one_star();
  set.footprints.insert(set.footprints.begin(),
                        square(100, 50, 10, {{{97, 50}, 20.0F}, {{103, 51}, 10.0F}}));
  auto const rows = [&](char const* which) {
    Harness harness({{"sources", which}}, exposure_with_star(), set);
    harness.run();
    return harness.sources().size();
  };
  CHECK(rows("footprints") == 2);
  CHECK(rows("peaks") == 3);
  CHECK(rows("families") == 4);

  Harness harness({}, exposure_with_star(), set);
  harness.run();
  auto const& sources = harness.sources();
  // Parents in the order of footprints, then the children.
  CHECK(harness.integer("parent", 0) == 0);
  CHECK(harness.integer("parent", 1) == 0);
  CHECK(harness.integer("parent", 2) == harness.integer("id", 0));
  CHECK(harness.integer("parent", 3) == harness.integer("id", 0));
  auto const children = sources.schema().key<std::int32_t>("deblend_nChild");
  CHECK(sources.get(0, children) == 2);
  CHECK(sources.get(1, children) == 0);
  CHECK(sources.footprint(3)->peaks().front().pixel == Pixel{103, 51});
  CHECK(sources.footprint(3)->area() == sources.footprint(0)->area());
}

TEST_CASE("measure: no source gives an empty table with all columns, and it is said") {
  Harness harness({}, exposure_with_star(), {Box{0, 0, 140, 100}, {}});
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
        "warning: test_Hopeless failed for 1 of 1 sources, the first of them " +
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

TEST_CASE("measure: radii stand in the column names as LSST writes them") {
  CHECK(radius_name(6.0) == "6_0");
  CHECK(radius_name(4.5) == "4_5");
  CHECK(radius_name(70.0) == "70_0");
}

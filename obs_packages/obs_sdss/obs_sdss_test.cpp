#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/exposure.hpp"
#include "almagest/fits.hpp"
#include "almagest/instrument.hpp"
#include "almagest/task_harness.hpp"
#include "make_exposure.hpp"

namespace {

using namespace almagest;
using namespace obs_sdss;
namespace fs = std::filesystem;

constexpr double mas_per_radian = 1000.0 / radians_per_arcsec;

/// The demo's data directory; none when it is not there, which only a developer's machine may do.
std::optional<fs::path> demo_data() {
  char const* const given = std::getenv("ALMAGEST_TESTDATA");
  fs::path const root = given ? fs::path(given) : fs::path(ALMAGEST_SOURCE_DIR "/../shared/data");
  fs::path const demo = root / "sdss_demo";
  if (fs::exists(demo / "input")) return demo;
  char const* const ci = std::getenv("CI");
  REQUIRE_MESSAGE((!ci || std::string(ci) != "true"), "no test data at " << demo.string());
  MESSAGE("skipped: no test data at " << demo.string() << " (set ALMAGEST_TESTDATA)");
  return std::nullopt;
}

DataId frame_id(std::string const& filter) {
  return {{"run", std::int64_t{4192}},
          {"camcol", std::int64_t{4}},
          {"field", std::int64_t{300}},
          {"filter", filter}};
}

fs::path astrometry_file(fs::path const& demo) {
  return demo / "input/4192/40/astrom/asTrans-004192.fit";
}

/// As much of the SDSS camera as make_exposure asks for.
class TestCamera final : public Instrument {
 public:
  TestCamera() {
    constants_.set("exposure_time_s", 53.907456);
    constants_.set("row_period_s", 0.026322);
  }
  std::string const& name() const override { return name_; }
  std::vector<DataIdKey> const& keys() const override { return keys_; }
  std::string role(std::string_view) const override { return {}; }
  ExposureId exposure_id(DataId const&) const override { return {4192240300, 37}; }
  std::vector<Detector> const& detectors() const override { return detectors_; }
  fs::path const& directory() const override { return directory_; }
  ConfigValue const& constants() const override { return constants_; }
  void set_dark_variance(ConfigValue table) { constants_.set("dark_variance", std::move(table)); }

 private:
  std::string name_ = "sdss";
  std::vector<DataIdKey> keys_{{"filter", DataIdKey::Type::text, {"u", "g", "r", "i", "z"}, ""}};
  std::vector<Detector> detectors_{{"camcol4", 4, Box{0, 0, 2048, 1489}}};
  fs::path directory_;
  ConfigValue constants_;
};

/// A camera's table `[constants.dark_variance]`.
ConfigValue dark_variances(ConfigValue after_run, std::string const& ccd, ConfigValue variance) {
  ConfigValue table;
  table.set("after_run", std::move(after_run));
  table.set(ccd, std::move(variance));
  return table;
}

/// Gives a harness the five files of a frame of the demo.
void give_frame(TaskHarness& harness, fs::path const& demo, std::string const& filter) {
  fs::path const run = demo / "input/4192/40";
  Formatter::ReadRequest const request{frame_id(filter), std::nullopt};
  std::string const name = "004192-" + filter + "4-0300.fit";
  harness.set_id(request.id);
  harness.set_instrument(std::make_shared<TestCamera>());
  harness.give("fpC", read_frame(run / "corr/4" / ("fpC-" + name + ".gz"), request));
  harness.give("fpM", read_frame_mask(run / "objcs/4" / ("fpM-" + name), request));
  harness.give("tsField",
               read_field_calibration(run / "calibChunks/4/tsField-004192-4-40-0300.fit", request));
  harness.give("asTrans", read_astrometric_solution(astrometry_file(demo), request));
  harness.give("psField", read_field_psf(run / "objcs/4/psField-004192-4-0300.fit", request));
}

/// A file that goes away with its test.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string const& name)
      : path_(fs::temp_directory_path() / ("obs_sdss_test_" + name)) {
    fs::remove(path_);
  }
  ~TemporaryFile() { fs::remove(path_); }
  fs::path const& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

TEST_CASE("make_exposure: gains, zero points, mask counts and PSF widths are the reference's") {
  auto const demo = demo_data();
  if (!demo) return;
  // An independent Python implementation that reproduces the stack's catalogue.
  auto const reference =
      nlohmann::json::parse(std::ifstream(*demo / "reference/intermediates.json"));
  for (std::string const filter : {"u", "g", "r", "i", "z"}) {
    CAPTURE(filter);
    auto const& expected = reference.at("4192" + filter);
    TaskHarness harness(std::make_unique<MakeExposure>());
    give_frame(harness, *demo, filter);
    REQUIRE_FALSE(harness.run().skipped());
    auto const& exposure = harness.result<Exposure>("exposure");

    CHECK(exposure.bbox() == Box{0, 0, 2048, 1361});
    CHECK(harness.metric("gain") ==
          doctest::Approx(expected.at("gain").get<double>()).epsilon(1e-6));
    CHECK(exposure.require_photo_calib().flux_mag0 ==
          doctest::Approx(expected.at("fluxMag0").get<double>()).epsilon(1e-6));
    CHECK(exposure.visit_info.airmass ==
          doctest::Approx(expected.at("airmass").get<double>()).epsilon(1e-6));

    auto const& pixels = expected.at("maskPix");
    CHECK(harness.metric("saturated_pixels") == pixels.at("SAT").get<double>());
    CHECK(harness.metric("interpolated_pixels") == pixels.at("INTRP").get<double>());
    CHECK(harness.metric("cosmic_ray_pixels") == pixels.at("CR").get<double>());

    auto const counts = exposure.image().pixels();
    std::vector<float> sorted(counts.begin(), counts.end());
    auto const middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    CHECK(*middle == expected.at("rawMedian").get<float>());

    Psf const& psf = exposure.require_psf();
    CHECK(harness.result<std::shared_ptr<Psf const>>("psf") == exposure.psf);
    auto const sigma = [&](Point position) {
      Quadrupole const q = psf.shape(position);
      return std::pow(q.xx * q.yy - q.xy * q.xy, 0.25);
    };
    CHECK(sigma({0, 0}) ==
          doctest::Approx(expected.at("psf_sigma_origin").get<double>()).epsilon(1e-6));
    CHECK(psf.kernel({1024, 680}).at({0, 0}) ==
          doctest::Approx(expected.at("psf_peak_centre").get<double>()).epsilon(1e-7));
    CHECK(sigma({1024, 680}) ==
          doctest::Approx(expected.at("psf_sigma_centre").get<double>()).epsilon(1e-6));
  }
}

TEST_CASE("make_exposure: the variance is that of photons and of the CCD as it was in that run") {
  auto const demo = demo_data();
  if (!demo) return;
  // SDSS data model of `frame`: 7.5625 adu² for i4 after run 1500; tsField has 6.25, from before.
  struct Case {
    ConfigValue changed;
    bool added;
    double expected;
  };
  for (auto const& [changed, added, expected] :
       {Case{dark_variances(1500, "i4", 7.5625), true, 7.5625},
        Case{dark_variances(4192, "i4", 7.5625), true, 6.25},
        Case{dark_variances(1500, "i5", 7.5625), true, 6.25},
        Case{dark_variances(1500, "i4", 0.0), true, 0.0},
        Case{dark_variances(1500, "i4", 7.5625), false, 0.0}}) {
    auto camera = std::make_shared<TestCamera>();
    camera->set_dark_variance(changed);
    TaskHarness harness(std::make_unique<MakeExposure>(), {{"darkVariance", added}});
    give_frame(harness, *demo, "i");
    harness.set_instrument(camera);
    harness.run();
    auto const& exposure = harness.result<Exposure>("exposure");
    double const photons = exposure.image().at({1000, 700}) / harness.metric("gain");
    CHECK(exposure.variance().at({1000, 700}) - photons == doctest::Approx(expected).epsilon(1e-5));
  }
}

TEST_CASE("dark variance: what the camera's table says wrongly is refused, with its place") {
  auto const message = [](ConfigValue table) {
    unsigned line = 1;
    table.where = {"camera.toml", line, 1};
    if (table.is_table())
      for (auto& entry : std::get<ConfigValue::Table>(table.data)) {
        entry.value.key_where = {"camera.toml", ++line, 1};
        entry.value.where = {"camera.toml", line, 8};
      }
    TestCamera camera;
    camera.set_dark_variance(std::move(table));
    try {
      DarkVariances const variances(camera);
    } catch (ConfigError const& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  std::string const place = " in [constants.dark_variance] of camera 'sdss'";
  CHECK(message(dark_variances(1500, "z4", 0)) == "no error");
  ConfigValue without;
  without.set("z4", 1.0);
  CHECK(message(without) ==
        "camera.toml:1:1: no 'after_run'" + place + ": the last run of the CCDs as they were");
  CHECK(message(dark_variances(-1, "z4", 1.0)) ==
        "camera.toml:2:8: 'after_run'" + place + " is to be the number of a run");
  for (char const* const wrong : {"y4", "z7", "z0", "4z", "z44"})
    CHECK(message(dark_variances(1500, wrong, 1.0)).find("'" + std::string(wrong) + "'" + place) !=
          std::string::npos);
  CHECK(message(dark_variances(1500, "z7", 1.0))
            .starts_with("camera.toml:3:1: 'z7'" + place +
                         " is neither 'after_run' nor a CCD, filter and column"));
  for (ConfigValue const& wrong : {ConfigValue(-1.0), ConfigValue("much"), ConfigValue(NAN)})
    CHECK(message(dark_variances(1500, "z4", wrong)) ==
          "camera.toml:3:8: 'z4'" + place + " is to be a variance in adu^2, 0 or more");
  CHECK(message(ConfigValue(3.0)).starts_with("camera.toml:1:1: "));
}

TEST_CASE("make_exposure: the fitted WCS follows asTrans to 1 mas over the whole frame") {
  auto const demo = demo_data();
  if (!demo) return;
  for (std::string const filter : {"u", "g", "r", "i", "z"}) {
    CAPTURE(filter);
    auto const exact = read_astrometric_solution(astrometry_file(*demo), {frame_id(filter), {}});
    WcsFit const fit = fit_tan_sip(exact, Box{0, 0, 2048, 1361}, 0.1);
    double worst = 0.0;
    for (int j = 0; j < 10; ++j)
      for (int i = 0; i < 10; ++i) {
        Point const pixel{-0.5 + 2048 * i / 9.0, -0.5 + 1361 * j / 9.0};
        worst = std::max(worst, separation(fit.wcs.pixel_to_sky(pixel), exact.sky(pixel)));
      }
    CHECK(worst * mas_per_radian < 0.1);
    CHECK(fit.wcs.sip_a().order() <= 3);
  }
}

TEST_CASE("make_exposure: the header's own TAN is a choice") {
  auto const demo = demo_data();
  if (!demo) return;
  TaskHarness harness(std::make_unique<MakeExposure>(),
                      {{"loadSdssWcs", false}, {"removeOverlap", false}});
  give_frame(harness, *demo, "r");
  harness.run();
  auto const& exposure = harness.result<Exposure>("exposure");
  CHECK(exposure.bbox().height == 1489);
  CHECK_FALSE(exposure.require_wcs().has_sip());
  // CRVAL of the frame's header at its CRPIX.
  CHECK(exposure.require_wcs().crval().dec ==
        doctest::Approx(0.103660580 * radians_per_degree).epsilon(1e-9));
}

TEST_CASE("asTrans: pixel positions of the stack's catalogue give its sky positions") {
  auto const demo = demo_data();
  if (!demo) return;
  // 28 columns by filter u g r i z; the row counts are those of the science document, section 3.
  std::ifstream file(*demo / "expected/detected-sources.txt");
  std::string line;
  std::getline(file, line);
  std::vector<double> distance_mas;
  int row = 0;
  for (auto const& [filter, rows] :
       {std::pair{"u", 88}, {"g", 565}, {"r", 777}, {"i", 1112}, {"z", 301}}) {
    auto const exact = read_astrometric_solution(astrometry_file(*demo), {frame_id(filter), {}});
    for (int i = 0; i < rows; ++i, ++row) {
      REQUIRE(std::getline(file, line));
      std::istringstream words(line);
      std::array<std::string, 12> word;
      for (std::string& w : word) words >> w;
      SkyPoint const expected{std::stod(word[1]) * radians_per_degree,
                              std::stod(word[2]) * radians_per_degree};
      SkyPoint const sky = exact.sky({std::stod(word[10]), std::stod(word[11])});
      distance_mas.push_back(separation(sky, expected) * mas_per_radian);
    }
  }
  // The stack fits its own SIP: median and maximum as the science document tells (section 1); the
  // file gives nine digits of a right ascension, 2 mas.
  std::ranges::sort(distance_mas);
  CHECK(distance_mas[distance_mas.size() / 2] < 1.2);
  CHECK(distance_mas.back() < 2.5);
}

TEST_CASE("asTrans: the formula with an inclined great circle") {
  // On the equator of the great circle, 90° past the node, the declination is the inclination.
  AstrometricSolution solution;
  solution.node = 95.0 * radians_per_degree;
  solution.inclination = 30.0 * radians_per_degree;
  solution.mu = {185.0, 0.0, 0.0};
  SkyPoint const sky = solution.sky({10, 20});
  CHECK(sky.ra == doctest::Approx(185.0 * radians_per_degree).epsilon(1e-12));
  CHECK(sky.dec == doctest::Approx(30.0 * radians_per_degree).epsilon(1e-12));
}

TEST_CASE("asTrans: a missing field, camcol or filter is named") {
  auto const demo = demo_data();
  if (!demo) return;
  auto const message = [&](char const* key, Value value) {
    DataId id = frame_id("r");
    id.set(key, std::move(value));
    try {
      read_astrometric_solution(astrometry_file(*demo), {id, {}});
    } catch (DataError const& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(message("field", std::int64_t{900})
            .ends_with("asTrans-004192.fit: no row for field 900; it has fields 11 to 503"));
  CHECK(message("camcol", std::int64_t{7}).find("'7' is not in CAMCOLS = '1 2 3 4 5 6'") !=
        std::string::npos);
  CHECK(message("filter", std::string("y")).find("'y' is not in FILTERS = 'r i u z g'") !=
        std::string::npos);
}

TEST_CASE("fpM: spans are placed by row0 and col0, clipped to the mask, empty ones ignored") {
  TemporaryFile const file("mask.fit");
  {
    auto const numbers = [](std::string name, std::vector<std::int32_t> values) {
      fits::TableColumn column;
      column.name = std::move(name);
      column.values = std::move(values);
      return column;
    };
    auto const spans = [](std::vector<std::vector<std::uint8_t>> values) {
      fits::TableColumn column;
      column.name = "s";
      column.values = std::move(values);
      return column;
    };
    fits::Table interp{
        3,
        {numbers("row0", {0, 10, 0}), numbers("col0", {0, 300, 0}),
         // (y 1, x 2..3); (y 12 − 10, x 300 − 300 .. 65535 − 300); nothing although nspan says one
         spans({{0, 1, 0, 2, 0, 3}, {0, 12, 1, 44, 255, 255}, {}}), numbers("nspan", {1, 1, 1})},
        {}};
    fits::Table const other{1,
                            {numbers("row0", {0}), numbers("col0", {0}),
                             spans({{0, 200, 0, 0, 0, 9}}), numbers("nspan", {1})},
                            {}};
    fits::Table names;
    names.rows = 3;
    fits::TableColumn attributes;
    attributes.name = "attributeName";
    attributes.repeat = 31;
    attributes.values = std::vector<std::string>{"S_MASK_INTERP", "S_MASK_SATUR", "S_MASK_CR"};
    names.columns = {attributes};
    Header header;
    header.set("NPLANE", std::int64_t{3});
    header.set("MASKROWS", std::int64_t{20});
    header.set("MASKCOLS", std::int64_t{30});
    fits::Writer writer(file.path());
    writer.primary(header);
    writer.table("", interp);
    writer.table("", other);
    writer.table("", other);
    writer.table("", names);
    writer.close();
  }
  FrameMask const mask = read_frame_mask(file.path(), {});
  CHECK(mask.width == 30);
  CHECK(mask.interpolated == std::vector<Span>{{1, 2, 3}, {2, 0, 65235}});
  Mask painted(Box{0, 0, 30, 20});
  paint(painted, "INTRP", mask.interpolated);
  paint(painted, "SAT", mask.saturated);  // row 200: outside
  MaskPixel const intrp = painted.bit("INTRP");
  CHECK(painted.image()(2, 1) == intrp);
  CHECK(painted.image()(3, 1) == intrp);
  CHECK(painted.image()(4, 1) == 0);
  CHECK(std::ranges::count(painted.image().pixels(), intrp) == 2 + 30);
}

TEST_CASE("psField: the kernel is the central 31 x 31 pixels, normalised after summation") {
  auto const demo = demo_data();
  if (!demo) return;
  auto const psf = read_field_psf(*demo / "input/4192/40/objcs/4/psField-004192-4-0300.fit",
                                  {frame_id("r"), {}});
  CHECK(psf.psf->kernel_size() == 31);
  auto const kernel = psf.psf->kernel({1024, 680});
  CHECK(kernel.bbox() == Box{-15, -15, 31, 31});
  double sum = 0.0;
  for (double value : kernel.pixels()) sum += value;
  CHECK(sum == doctest::Approx(1.0).epsilon(1e-12));
}

TEST_CASE("make_exposure: a mask of another size is refused") {
  auto const demo = demo_data();
  if (!demo) return;
  TaskHarness harness(std::make_unique<MakeExposure>());
  give_frame(harness, *demo, "r");
  FrameMask mask;
  mask.width = 100;
  mask.height = 50;
  harness.give("fpM", mask);
  CHECK_THROWS_AS(harness.run(), DataError);
}

#include "aperture_correction.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

#include "classify.hpp"
#include "correct_fluxes.hpp"
#include "object_size.hpp"

using namespace almagest;
using namespace measurement;

namespace {

constexpr double no_number = std::numeric_limits<double>::quiet_NaN();
constexpr Box frame{0, 0, 2000, 1000};
constexpr double psf_sigma = 2.5;  // [pixel]
char const* const edge = "base_PixelFlags_flag_edge";
char const* const aperture = "base_CircularApertureFlux_7_0";

double psf_correction(double x) {
  return 1.01 + 1e-5 * x;
}

Schema measured_schema() {
  Schema schema = Schema::minimal_source();
  for (char const* name :
       {"base_SdssCentroid_x", "base_SdssCentroid_y", "base_SdssShape_xx", "base_SdssShape_yy"})
    schema.add<double>(name, "", "");
  for (std::string const flux : {"base_PsfFlux", "base_GaussianFlux", aperture}) {
    schema.add<double>(flux + "_instFlux", "ct", "");
    schema.add<double>(flux + "_instFluxErr", "ct", "");
    schema.add_flag(flux + "_flag", "");
  }
  for (char const* flag :
       {"edge", "interpolated", "bad", "interpolatedCenter", "saturatedCenter", "crCenter"})
    schema.add_flag("base_PixelFlags_flag_" + std::string(flag), "");
  return schema;
}

/// Measured sources: stars of width 1.2, whose PSF fluxes fall short by psf_correction().
struct Sources {
  SourceCatalog table{measured_schema()};

  void set(std::size_t row, std::string const& column, double value) {
    table.set(row, table.schema().key<double>(column), value);
  }
  void flag(std::size_t row, std::string const& column) {
    table.set(row, table.schema().key<bool>(column), true);
  }
  std::size_t add(double flux, double width) {
    std::size_t const row = table.size();
    auto const i = static_cast<int>(row);
    double const x = 40.0 + (i * 617) % 1900, y = 25.0 + (i * 389) % 950;
    table.resize(row + 1);
    set(row, "base_SdssCentroid_x", x);
    set(row, "base_SdssCentroid_y", y);
    set(row, "base_SdssShape_xx", width * width);
    set(row, "base_SdssShape_yy", width * width);
    set(row, "base_PsfFlux_instFlux", flux / psf_correction(x));
    set(row, "base_PsfFlux_instFluxErr", 10.0);
    set(row, "base_GaussianFlux_instFlux", flux / 1.1);
    set(row, "base_GaussianFlux_instFluxErr", 20.0);
    set(row, std::string(aperture) + "_instFlux", flux);
    return row;
  }
  static Sources field(int stars) {
    Sources sources;
    for (int i = 0; i < stars; ++i) sources.add(5e4, 1.2 + 0.001 * (i % 3));
    for (int i = 0; i < 12; ++i) sources.add(3e4, 3.0 + 0.2 * i);  // galaxies
    for (int i = 0; i < 9; ++i) sources.add(900.0, 1.2);           // faint stars
    return sources;
  }
};

ComponentTable const& components() {
  static ComponentTable const table = [] {
    ComponentTable t;
    t.add<StarSelector, ObjectSize>("objectSize");
    t.add<StarSelector, ObjectSize>("another");
    return t;
  }();
  return table;
}

bool has_line(TaskHarness const& harness, std::string const& text) {
  return std::ranges::any_of(harness.log_lines(), [&](std::string const& line) {
    return line.find(text) != std::string::npos;
  });
}

struct Harness : TaskHarness {
  /// As the LSST stack does it, unless `values` say otherwise.
  explicit Harness(SourceCatalog sources, Values const& values = {})
      : TaskHarness(std::make_unique<ApertureCorrection>(), with_stack_values(values),
                    &components()) {
    Exposure exposure{MaskedImage(frame)};
    exposure.psf = std::make_shared<GaussianPsf>(psf_sigma, 41);
    give("exposure", std::move(exposure));
    give("sources", std::move(sources));
  }
  static Values with_stack_values(Values values) {
    Values stack{{"radius", 7.0},
                 {"total", false},
                 {"order", 2},
                 {"order_choice", "greatest"},
                 {"too_few", "fail"}};
    std::erase_if(stack, [&](auto const& entry) {
      return std::ranges::any_of(values, [&](auto const& v) { return v.first == entry.first; });
    });
    values.insert(values.end(), stack.begin(), stack.end());
    return values;
  }
  std::string message() {
    try {
      run();
    } catch (DataError const& error) {
      return error.what();
    }
    return "no error";
  }
  bool says(std::string const& text) const { return has_line(*this, text); }
};

ConfigValue using_these(std::vector<std::string> const& names) {
  ConfigValue table;
  table.set("use", ConfigTraits<std::vector<std::string>>::write(names));
  return table;
}

}  // namespace

TEST_CASE("objectSize: bright, unflagged sources of the smallest size") {
  Sources sources = Sources::field(10);
  sources.flag(3, edge);
  sources.set(4, "base_SdssShape_xx", no_number);
  sources.set(5, "base_GaussianFlux_instFlux", no_number);
  ObjectSize selector;
  selector.prepare(sources.table.schema());
  CHECK(selector.select(sources.table, Exposure()) ==
        std::vector<std::size_t>{0, 1, 2, 6, 7, 8, 9});
  CHECK(selector.explain(sources.table) ==
        "9 with base_GaussianFlux_instFlux below 100.0 times its error, 1 with "
        "base_GaussianFlux_instFlux not known or below 0.0 ct, 1 with base_PixelFlags_flag_edge, 1 "
        "with a width that is not known or above 10.0 pixels, 19 with none of these");
  CHECK(selector.select(SourceCatalog(measured_schema()), Exposure()).empty());
}

TEST_CASE("objectSize: stars by signal to noise, or by counts alone") {
  Sources const sources = Sources::field(3);
  auto const chosen = [&](ConfigValue const& values, SourceCatalog const& table) {
    ObjectSize selector;
    Problems problems;
    selector.configure(values, "test", components(), problems);
    selector.prepare(table.schema());
    return selector.select(table, Exposure()).size();
  };
  ConfigValue counts;
  counts.set("min_signal_to_noise", 0.0);
  counts.set("min_flux", 12500.0);
  CHECK(chosen(ConfigValue::Table{}, sources.table) == 3);
  CHECK(chosen(counts, sources.table) == 3);
  counts.set("min_flux", 0.0);
  CHECK(chosen(counts, sources.table) > 3);  // faint ones too
  counts.set("min_signal_to_noise", 3000.0);
  CHECK(chosen(counts, sources.table) == 0);
}

TEST_CASE("objectSize: a catalogue without the columns it needs is refused") {
  ObjectSize selector;
  CHECK_THROWS_AS(selector.prepare(Schema::minimal_source()), ConfigError);
}

TEST_CASE("aperture correction: the fields that the stars were made with come back") {
  Harness harness(Sources::field(20).table);
  harness.run();
  auto const& map = harness.result<ApertureCorrectionMap>("aperture_corrections");
  REQUIRE(map.size() == 2);
  for (Point const p : {Point{0, 0}, Point{1000, 500}, Point{1999, 999}}) {
    CHECK(map.at("base_PsfFlux")(p) == doctest::Approx(psf_correction(p.x)).epsilon(1e-9));
    CHECK(map.at("base_GaussianFlux")(p) == doctest::Approx(1.1).epsilon(1e-9));
  }
  CHECK(harness.result<Exposure>("exposure").aperture_corrections == map);
  CHECK(harness.metric("stars") == 20);
  CHECK(harness.metric("stars_used") == 20);
  CHECK(harness.says("aperture correction GaussianFlux 1.1000, scatter 0.0000, 20 of 20 stars"));
}

TEST_CASE("aperture correction: total fluxes are those in the circle over the PSF's share of it") {
  Harness harness(Sources::field(20).table, {{"total", true}});
  harness.run();
  double const share = 1.0 - std::exp(-0.5 * 7.0 * 7.0 / (psf_sigma * psf_sigma));  // of a Gaussian
  Point const p{1000, 500};
  CHECK(harness.result<ApertureCorrectionMap>("aperture_corrections").at("base_PsfFlux")(p) ==
        doctest::Approx(psf_correction(p.x) / share).epsilon(1e-4));
}

TEST_CASE("aperture correction: with too few stars the flux is left, and this is said") {
  Sources one;
  one.add(5e4, 1.2);
  Harness harness(one.table, {{"too_few", "leave"}});
  harness.run();
  CHECK(harness.result<ApertureCorrectionMap>("aperture_corrections").empty());
  CHECK(
      harness.log_lines() ==
      std::vector<std::string>{
          "warning: no aperture correction of base_PsfFlux, base_GaussianFlux: 1 of 1 source left "
          "as stars, 2 needed (min_stars); objectSize chose 1: 1 with none of these"});
}

TEST_CASE("aperture correction: stars with a flagged or worthless flux do not count") {
  Sources sources = Sources::field(20);
  sources.flag(2, std::string(aperture) + "_flag");
  sources.flag(5, "base_PsfFlux_flag");
  sources.set(7, "base_PsfFlux_instFlux", -3.0);
  sources.set(8, std::string(aperture) + "_instFlux", no_number);
  Harness harness(sources.table);
  harness.run();
  CHECK(harness.metric("stars") == 20);
  CHECK(harness.metric("stars_used") == 16);
  CHECK(harness.metric("correction_scatter") < 1e-9);
}

TEST_CASE("aperture correction: one star is too few, unless it is said to be enough") {
  Sources one;
  one.add(5e4, 1.2);
  for (int i = 0; i < 19; ++i) one.add(500.0, 1.2);
  Harness harness(one.table);
  CHECK(harness.message() ==
        "no aperture correction of base_PsfFlux, base_GaussianFlux: 1 of 20 sources left as stars, "
        "2 needed (min_stars); objectSize chose 1: 19 with base_GaussianFlux_instFlux below 100.0 "
        "times its error, 1 with none of these");

  Harness patient(one.table, {{"min_stars", 1}});
  patient.run();
  auto const& map = patient.result<ApertureCorrectionMap>("aperture_corrections");
  CHECK(map.at("base_GaussianFlux")({7, 7}) == doctest::Approx(1.1));
  CHECK(patient.says("a single star gives it for the whole frame"));
}

TEST_CASE("aperture correction: sources all flagged are said") {
  Sources flagged = Sources::field(20);
  for (std::size_t row = 0; row < flagged.table.size(); ++row) flagged.flag(row, edge);
  CHECK(Harness(flagged.table).message() ==
        "no aperture correction of base_PsfFlux, base_GaussianFlux: 0 of 41 sources left as stars, "
        "2 needed (min_stars); objectSize chose 0: 32 with base_PixelFlags_flag_edge, 9 with "
        "base_GaussianFlux_instFlux below 100.0 times its error, 0 with none of these");

  Sources bad = Sources::field(3);
  for (std::size_t row = 0; row < 3; ++row) bad.flag(row, std::string(aperture) + "_flag");
  CHECK(Harness(bad.table).message().find(
            "objectSize chose 3, of which 3 have base_PsfFlux or base_CircularApertureFlux_7_0 "
            "flagged or not positive") != std::string::npos);
}

TEST_CASE("aperture correction: a frame without any source has none, and goes on") {
  Harness harness{SourceCatalog(measured_schema())};
  harness.run();
  CHECK(harness.result<ApertureCorrectionMap>("aperture_corrections").empty());
  CHECK(harness.says("no source, and so no aperture correction"));
  CHECK(harness.metric("stars") == 0);
}

TEST_CASE("aperture correction: exactly one selector, and fluxes that exist") {
  Sources const sources = Sources::field(20);
  CHECK_THROWS_AS(
      Harness(sources.table, {{"selector", using_these({"objectSize", "another"})}}).run(),
      ConfigError);
  CHECK_THROWS_AS(Harness(sources.table, {{"selector", using_these({})}}).run(), ConfigError);
  CHECK_THROWS_AS(Harness(sources.table, {{"radius", 3.3}}).run(), ConfigError);
}

namespace {

struct CorrectHarness : TaskHarness {
  CorrectHarness(SourceCatalog sources, ApertureCorrectionMap map, Values const& values = {})
      : TaskHarness(std::make_unique<CorrectFluxes>(), values) {
    give("sources", std::move(sources));
    give("aperture_corrections", std::move(map));
  }
  bool says(std::string const& text) const { return has_line(*this, text); }
  SourceCatalog const& sources() const { return result<SourceCatalog>("sources"); }
  double number(std::string const& column, std::size_t row) const {
    return sources().get(row, sources().schema().key<double>(column));
  }
  bool flag(std::string const& column, std::size_t row) const {
    return sources().get(row, sources().schema().key<bool>(column));
  }
};

}  // namespace

TEST_CASE("correct fluxes: flux and error are multiplied by the field at the source") {
  Sources sources = Sources::field(5);
  ApertureCorrectionMap const map{{"base_PsfFlux", Chebyshev2(frame, 1, 0, {1.5, 0.5})},
                                  {"base_GaussianFlux", Chebyshev2::constant(frame, 1.1)}};
  CorrectHarness harness(sources.table, map);
  harness.run();
  double const factor = 1.5 + 0.5 * ((2.0 * 40.0 + 1.0) / 2000.0 - 1.0);  // source 0, at x = 40
  double const before = 5e4 / psf_correction(40.0);
  CHECK(harness.number("base_PsfFlux_apCorr", 0) == doctest::Approx(factor));
  CHECK(harness.number("base_PsfFlux_instFlux", 0) == doctest::Approx(factor * before));
  CHECK(harness.number("base_PsfFlux_instFluxErr", 0) == doctest::Approx(factor * 10.0));
  CHECK(std::isnan(harness.number("base_PsfFlux_apCorrErr", 0)));  // not known
  CHECK(harness.number("base_GaussianFlux_instFlux", 0) == doctest::Approx(5e4));
  CHECK(harness.number(std::string(aperture) + "_instFlux", 0) == 5e4);  // not in the list
  CHECK_FALSE(harness.flag("base_PsfFlux_flag_apCorr", 0));
  CHECK(harness.metric("not_corrected") == 0);
  CHECK(harness.schema("sources") == harness.sources().schema());
  CHECK(harness.schema("sources")
            .find("base_PsfFlux_apCorr")
            ->doc.find("have been multiplied by it") != std::string::npos);
}

TEST_CASE("correct fluxes: where the field is not positive the flux stays, with a flag") {
  Sources sources = Sources::field(5);
  sources.set(1, "base_SdssCentroid_x", no_number);
  ApertureCorrectionMap const map{{"base_PsfFlux", Chebyshev2::constant(frame, 1.2)},
                                  {"base_GaussianFlux", Chebyshev2::constant(frame, -1.0)}};
  CorrectHarness harness(sources.table, map);
  harness.run();
  CHECK(harness.number("base_GaussianFlux_instFlux", 0) == doctest::Approx(5e4 / 1.1));
  CHECK(harness.flag("base_GaussianFlux_flag_apCorr", 0));
  CHECK(harness.flag("base_GaussianFlux_flag", 0));
  CHECK(harness.flag("base_PsfFlux_flag_apCorr", 1));
  CHECK_FALSE(harness.flag("base_PsfFlux_flag_apCorr", 0));
}

TEST_CASE("correct fluxes: a frame without corrections keeps its fluxes, and says so once") {
  CorrectHarness harness(Sources::field(1).table, {});
  harness.run();
  CHECK(harness.number("base_GaussianFlux_instFlux", 0) == doctest::Approx(5e4 / 1.1));
  CHECK(std::isnan(harness.number("base_GaussianFlux_apCorr", 0)));
  CHECK_FALSE(harness.flag("base_GaussianFlux_flag", 0));
  CHECK(harness.flag("base_PsfFlux_flag_apCorr", 0));
  CHECK(harness.metric("not_corrected") == 2 * 22);
  CHECK(harness.log_lines() ==
        std::vector<std::string>{
            "warning: this frame has no aperture correction of base_PsfFlux, base_GaussianFlux: "
            "fluxes stay as they were measured"});

  // They can still be compared with each other: 5e4/1.01 and 5e4/1.1 are those of a point.
  TaskHarness classify(std::make_unique<Classify>());
  classify.give("sources", harness.sources());
  classify.run();
  CHECK(classify.metric("point_sources") == 22);

  CorrectHarness stack(Sources::field(1).table, {}, {{"flag_uncorrected", true}});
  stack.run();
  CHECK(stack.flag("base_GaussianFlux_flag", 0));
}

TEST_CASE("correct fluxes: no source, a flux without a correction, and fluxes corrected before") {
  ApertureCorrectionMap const map{{"base_PsfFlux", Chebyshev2::constant(frame, 1.2)},
                                  {"base_GaussianFlux", Chebyshev2::constant(frame, 1.1)}};
  CorrectHarness empty(SourceCatalog(measured_schema()), map);
  empty.run();
  CHECK(empty.sources().empty());

  CorrectHarness again(empty.sources(), map);
  CHECK_THROWS_WITH_AS(again.run(), "the fluxes base_PsfFlux are corrected already", ConfigError);
  CorrectHarness half(Sources::field(1).table, {{"base_PsfFlux", Chebyshev2::constant(frame, 1)}});
  half.run();
  CHECK(half.says("this frame has no aperture correction of base_GaussianFlux: fluxes stay"));
  CHECK(empty.log_lines().empty());
  CHECK(half.flag("base_GaussianFlux_flag_apCorr", 0));
  CHECK_FALSE(half.flag("base_PsfFlux_flag_apCorr", 0));
}

TEST_CASE("classify: points, extended sources, and those that cannot be told") {
  Sources sources;
  for (int i = 0; i < 5; ++i) sources.add(1000.0, 1.2);
  sources.set(0, "base_PsfFlux_instFlux", 925.1);
  sources.set(0, "base_GaussianFlux_instFlux", 1000.0);
  sources.set(1, "base_PsfFlux_instFlux", 925.0);  // 0.925 of the Gaussian flux: not below
  sources.set(1, "base_GaussianFlux_instFlux", 1000.0);
  sources.flag(2, "base_PsfFlux_flag");
  sources.set(3, "base_GaussianFlux_instFlux", no_number);
  sources.set(4, "base_PsfFlux_instFlux", no_number);
  TaskHarness harness(std::make_unique<Classify>());
  harness.give("sources", sources.table);
  harness.run();
  auto const& table = harness.result<SourceCatalog>("sources");
  auto const value = table.schema().key<double>("base_ClassificationExtendedness_value");
  auto const flag = table.schema().key<bool>("base_ClassificationExtendedness_flag");
  CHECK(table.get(0, value) == 0.0);
  CHECK(table.get(1, value) == 1.0);
  for (std::size_t row = 2; row < 5; ++row) {
    CHECK(std::isnan(table.get(row, value)));
    CHECK(table.get(row, flag));
  }
  CHECK_FALSE(table.get(0, flag));
  CHECK(harness.metric("point_sources") == 1);
  CHECK(harness.metric("extended_sources") == 1);
}

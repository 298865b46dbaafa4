#include "zero_point.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <string>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

using namespace almagest;
using photometry::ZeroPoint;

namespace {

constexpr double truth = 28.25;    // mag of one count
constexpr double scatter = 0.015;  // mag

/// Stars that match, with zero points that scatter about the truth.
struct Field {
  Schema schema = Schema::minimal_source();
  Key<std::int64_t> id = schema.key<std::int64_t>("id");
  Key<double> flux = schema.add<double>("base_PsfFlux_instFlux", "ct", "");
  Key<double> error = schema.add<double>("base_PsfFlux_instFluxErr", "ct", "");
  Key<bool> flag = schema.add_flag("base_PsfFlux_flag", "");
  Key<bool> edge = schema.add_flag("base_PixelFlags_flag_edge", "");
  Key<bool> interpolated = schema.add_flag("base_PixelFlags_flag_interpolated", "");
  Key<bool> saturated = schema.add_flag("base_PixelFlags_flag_saturated", "");
  Key<double> extendedness = schema.add<double>("base_ClassificationExtendedness_value", "", "");
  SourceCatalog table;
  Matches matches;

  explicit Field(std::size_t stars) : table(schema, stars) {
    std::mt19937 generator(2);
    std::normal_distribution<double> normal(0.0, scatter);
    for (std::size_t row = 0; row < stars; ++row) {
      auto const number = static_cast<std::int64_t>(row);
      double const magnitude = 16.0 + 5.0 * static_cast<double>(row) / static_cast<double>(stars);
      table.set(row, id, 700 + number);
      table.set(row, flux, std::pow(10.0, 0.4 * (truth - magnitude + normal(generator))));
      table.set(row, error, 25.0);
      table.set(row, extendedness, 0.0);
      Match match;
      match.source_id = 700 + number;
      match.reference.id = number;
      // AB: 31.4 − 2.5 log10 nJy
      match.reference.flux = 3631e9 * std::pow(10.0, -0.4 * magnitude);
      match.reference.flux_error = 0.01 * match.reference.flux;
      match.distance = 0.05 * radians_per_arcsec;
      matches.pairs.push_back(match);
    }
  }
};

struct Harness : TaskHarness {
  explicit Harness(Field const& field, Values const& parameters = {})
      : TaskHarness(std::make_unique<ZeroPoint>(), parameters) {
    give("exposure", Exposure(MaskedImage(Box{0, 0, 4, 4})));
    give("sources", field.table);
    give("matches", field.matches);
  }
  std::string message() {
    try {
      run();
    } catch (Error const& error) {
      return error.what();
    }
    return "no error";
  }
};

bool begins(std::string const& text, std::string const& start) {
  if (text.rfind(start, 0) == 0) return true;
  MESSAGE("'" << text << "' does not begin with '" << start << "'");
  return false;
}

}  // namespace

TEST_CASE("zero point: calibrated fluxes are those of the reference catalogue") {
  Field const field(80);
  Harness harness(field);
  CHECK(harness.run().skip_reason.empty());
  auto const& image = harness.result<Exposure>("exposure");
  double const error = 1.2533 * scatter / std::sqrt(80.0);  // of a median
  CHECK(std::abs(harness.metric("zero_point") - truth) < 3.0 * error);
  CHECK(harness.metric("scatter") == doctest::Approx(scatter).epsilon(0.3));
  auto const& calib = image.require_photo_calib();
  CHECK(calib.magnitude(1.0) == doctest::Approx(harness.metric("zero_point")).epsilon(1e-9));
  CHECK(calib.flux_mag0_error / calib.flux_mag0 ==
        doctest::Approx(error * 0.4 * std::log(10.0)).epsilon(0.4));
  CHECK(image.metadata.number("MAGZERO") == harness.metric("zero_point"));
  CHECK(image.metadata.integer("MAGZERO_NOBJ") == harness.metric("stars"));
  CHECK(image.metadata.number("MAGZERO_RMS") == harness.metric("scatter"));
  CHECK(begins(harness.log_lines().back(), "info: zero point 28.2"));
  CHECK(harness.log_lines().back().find(" mag (scatter 0.0") != std::string::npos);
}

TEST_CASE("zero point: faint stars are outliers for the stack's rule, not for their errors") {
  Field field(80);
  std::mt19937 generator(7);
  std::normal_distribution<double> normal;
  for (std::size_t row = 0; row < 80; ++row) {
    // Errors from 0.004 to 0.4 of the flux.
    double const flux = field.table.get(row, field.flux);
    double const error = 0.004 * std::pow(100.0, static_cast<double>(row) / 80.0) * flux;
    field.table.set(row, field.error, error);
    field.table.set(row, field.flux, flux + error * normal(generator));
  }
  Harness harness(field);
  harness.run();
  CHECK(harness.metric("candidates") == 80);
  CHECK(harness.metric("stars") >= 78);
  CHECK(std::abs(harness.metric("zero_point") - truth) < 3.0 * harness.metric("zero_point_error"));
  Harness stack(field, {{"clipping", "scatter"}});
  stack.run();
  CHECK(stack.metric("stars") < 70);
  CHECK(stack.metric("scatter") < harness.metric("scatter"));
}

TEST_CASE("zero point: a flux without an error, and a catalogue without errors") {
  Field field(40);
  for (Match& match : field.matches.pairs)
    match.reference.flux_error = std::numeric_limits<double>::quiet_NaN();
  field.table.set(3, field.error, std::numeric_limits<double>::quiet_NaN());
  Harness harness(field);
  harness.run();
  CHECK(harness.metric("candidates") == 39);
  CHECK(std::abs(harness.metric("zero_point") - truth) < 0.012);
}

TEST_CASE("zero point: a flux whose error is no positive number does not take part") {
  Field field(40);
  double const infinite = std::numeric_limits<double>::infinity();
  double const errors[] = {infinite, std::numeric_limits<double>::quiet_NaN(), 0.0, -25.0};
  for (std::size_t row = 0; row < std::size(errors); ++row) {
    field.table.set(row, field.error, errors[row]);
    field.table.set(row, field.flux, 1.1 * field.table.get(row, field.flux));
  }
  Harness harness(field);
  harness.run();
  CHECK(harness.metric("candidates") == 36);
  CHECK(std::abs(harness.metric("zero_point") - truth) < 0.012);
  auto const& table = harness.result<SourceCatalog>("sources");
  auto const used = table.schema().key<bool>("calib_photometry_used");
  for (std::size_t row = 0; row < std::size(errors); ++row) CHECK_FALSE(table.get(row, used));
}

TEST_CASE("zero point: who takes part, and the flag that says so") {
  Field field(60);
  // Each of these would be 0.2 to 5 mag off.
  auto const spoil = [&](std::size_t row, double factor) {
    field.table.set(row, field.flux, factor * field.table.get(row, field.flux));
  };
  for (std::size_t row = 0; row < 30; ++row) spoil(row, 1.2);
  for (std::size_t row = 0; row < 5; ++row) field.table.set(row, field.edge, true);
  for (std::size_t row = 5; row < 10; ++row) field.table.set(row, field.saturated, true);
  for (std::size_t row = 10; row < 13; ++row) field.table.set(row, field.extendedness, 1.0);
  field.table.set(13, field.extendedness, 0.5);
  field.table.set(14, field.extendedness, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t row = 15; row < 20; ++row) field.matches.pairs[row].distance = 2e-6;
  for (std::size_t row = 20; row < 22; ++row) field.table.set(row, field.flag, true);
  field.table.set(22, field.flux, -3.0);
  field.table.set(23, field.flux, std::numeric_limits<double>::quiet_NaN());
  field.matches.pairs[24].reference.flux = std::numeric_limits<double>::quiet_NaN();
  field.matches.pairs[25].reference.flux = 0.0;
  field.matches.pairs[26].source_id = 1;
  for (std::size_t row = 27; row < 30; ++row) field.matches.pairs[row].reference.flux_error *= 20.0;
  spoil(59, 100.0);  // a variable star: clipped
  Harness harness(field, {{"maximum_reference_error", 0.1}});
  harness.run();
  CHECK(harness.metric("candidates") == 30);
  CHECK(std::abs(harness.metric("zero_point") - truth) < 0.012);
  auto const& table = harness.result<SourceCatalog>("sources");
  CHECK(table.schema() == harness.schema("sources"));
  auto const used = table.schema().key<bool>("calib_photometry_used");
  for (std::size_t row = 0; row < 30; ++row) CHECK_FALSE(table.get(row, used));
  CHECK_FALSE(table.get(59, used));
  int count = 0;
  for (std::size_t row = 0; row < 60; ++row) count += table.get(row, used) ? 1 : 0;
  CHECK(count == harness.metric("stars"));
  CHECK(count >= 28);
}

TEST_CASE("zero point: each gate says by how much") {
  Field field(40);
  SUBCASE("no matches") {
    field.matches.pairs.clear();
    Harness harness(field);
    CHECK(harness.message() ==
          "gate minimum_stars: 0 stars of 0 matches, where the limit is 5 (no match is left out)");
  }
  SUBCASE("no sources") {
    field.table.resize(0);
    Harness harness(field);
    CHECK(harness.message() ==
          "gate minimum_stars: 0 stars of 40 matches, where the limit is 5 (40 not in the "
          "catalogue)");
  }
  SUBCASE("all flagged") {
    for (std::size_t row = 0; row < 40; ++row)
      field.table.set(row, row < 39 ? field.edge : field.interpolated, true);
    Harness harness(field);
    CHECK(harness.message() ==
          "gate minimum_stars: 0 stars of 40 matches, where the limit is 5 (39 with "
          "base_PixelFlags_flag_edge, 1 with base_PixelFlags_flag_interpolated)");
  }
  SUBCASE("scatter") {
    Harness harness(field, {{"maximum_scatter", 0.001}});
    CHECK(begins(harness.message(), "gate maximum_scatter: the zero points of "));
  }
  SUBCASE("zero scatter") {
    for (Match& match : field.matches.pairs)
      match.reference.flux =
          3631e9 / std::pow(10.0, 0.4 * truth) *
          field.table.get(static_cast<std::size_t>(match.source_id - 700), field.flux);
    Harness harness(field);
    CHECK(begins(harness.message(), "gate zero scatter: the zero points of "));
  }
  SUBCASE("a column that is not there") {
    Harness harness(field, {{"flux", "base_CircularApertureFlux_12_0"}});
    CHECK_THROWS_AS(harness.run(), ConfigError);
  }
}

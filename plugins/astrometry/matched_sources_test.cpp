#include "matched_sources.hpp"

#include <doctest/doctest.h>

#include <memory>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

using namespace almagest;

namespace {

/// Three sources with ids 11, 7 and 9 and a column of each type that differs from row to row.
SourceCatalog three_sources() {
  Schema schema = Schema::minimal_source();
  auto const id = schema.key<std::int64_t>("id");
  auto const flux = schema.add<double>("flux", "ct", "Flux");
  auto const flag = schema.add_flag("flag", "Flag");
  auto const name = schema.add<std::string>("name", "", "Name");
  SourceCatalog catalog(schema, 3);
  std::int64_t const ids[] = {11, 7, 9};
  for (std::size_t row = 0; row < 3; ++row) {
    catalog.set(row, id, ids[row]);
    catalog.set(row, flux, 100.0 * static_cast<double>(ids[row]));
    catalog.set(row, flag, ids[row] == 9);
    catalog.set(row, name, "source " + std::to_string(ids[row]));
  }
  return catalog;
}

Match match_of(std::int64_t source, std::int64_t reference) {
  Match match;
  match.source_id = source;
  match.reference.id = reference;
  match.reference.flux = 5.0;
  match.fitted = source == 9;
  return match;
}

}  // namespace

TEST_CASE("matched sources: a row per match, with both sides' columns") {
  TaskHarness harness(std::make_unique<astrometry::MatchedSources>());
  harness.give("sources", three_sources());
  harness.give("matches", Matches{{match_of(9, 90), match_of(11, 110)}, {}});
  harness.run();
  auto const& table = harness.result<SourceCatalog>("matched_sources");
  CHECK(table.schema() == harness.schema("matched_sources"));
  REQUIRE(table.size() == 2);
  CHECK(table.get(0, table.schema().key<double>("flux")) == 900.0);
  CHECK(table.get(1, table.schema().key<double>("flux")) == 1100.0);
  CHECK(table.get(0, table.schema().key<bool>("flag")));
  CHECK(table.get(1, table.schema().key<std::string>("name")) == "source 11");
  CHECK(table.get(1, table.schema().key<std::int64_t>("ref_id")) == 110);
  CHECK(table.get(0, table.schema().key<bool>("match_fitted")));
  CHECK_FALSE(table.get(1, table.schema().key<bool>("match_fitted")));
}

TEST_CASE("matched sources: matches of another catalogue are refused") {
  TaskHarness harness(std::make_unique<astrometry::MatchedSources>());
  harness.give("sources", three_sources());
  harness.give("matches", Matches{{match_of(8, 80)}, {}});
  CHECK_THROWS_WITH_AS(harness.run(), "the matches name source 8, which is not in the catalogue",
                       DataError);
}

#include "almagest/source_catalog.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <thread>
#include <vector>

#include "almagest/error.hpp"

using namespace almagest;

TEST_CASE("schema: columns are found by name and type, with the nearest name") {
  Schema schema = Schema::minimal_source();
  Key<double> const flux = schema.add<double>("base_PsfFlux_instFlux", "ct", "PSF flux");
  CHECK(schema.key<double>("base_PsfFlux_instFlux").index() == flux.index());
  CHECK(flux.index() == 2);  // after coord_ra and coord_dec
  CHECK(schema.columns().size() == 5);
  CHECK(schema.index_in_type(4) == 2);
  CHECK_FALSE(schema.find_key<float>("base_PsfFlux_instFlux").valid());
  CHECK_THROWS_WITH_AS(schema.key<double>("base_PsfFlux_instflx"),
                       "the catalogue has no column 'base_PsfFlux_instflx' (float64); did you mean "
                       "'base_PsfFlux_instFlux'?",
                       ConfigError);
  CHECK_THROWS_WITH_AS(schema.key<float>("coord_ra"),
                       "column 'coord_ra' of the catalogue is float64, wanted float32",
                       ConfigError);
  CHECK_THROWS_WITH_AS(schema.add_flag("id", ""), "the catalogue has a column 'id' (int64) already",
                       ConfigError);
}

TEST_CASE("catalogue: new rows are 0, NaN, false and empty") {
  Schema schema = Schema::minimal_source();
  auto const flux = schema.add<float>("flux", "ct", "");
  auto const count = schema.add<std::int32_t>("count", "", "");
  auto const name = schema.add<std::string>("name", "", "");
  auto const flag = schema.add_flag("flag", "");
  SourceCatalog catalog(schema, 2);
  catalog.set(1, flux, 3.0F);
  catalog.set(1, name, std::string("M31"));
  catalog.set(1, flag, true);
  catalog.resize(4);
  CHECK(catalog.size() == 4);
  CHECK(catalog.get(1, flux) == 3.0F);
  CHECK(catalog.get(1, name) == "M31");
  CHECK(catalog.get(1, flag));
  CHECK(std::isnan(catalog.get(3, flux)));
  CHECK(std::isnan(catalog.get(3, schema.key<double>("coord_ra"))));
  CHECK(catalog.get(3, count) == 0);
  CHECK_FALSE(catalog.get(3, flag));
  CHECK(catalog.footprint(3) == nullptr);
  catalog.resize(1);
  catalog.resize(2);
  CHECK_FALSE(catalog.get(1, flag));
}

TEST_CASE("catalogue: flags are bits, also beyond 64 of them") {
  Schema schema;
  std::vector<Key<bool>> flags;
  for (int i = 0; i < 130; ++i) flags.push_back(schema.add_flag("flag" + std::to_string(i), ""));
  SourceCatalog catalog(schema, 3);
  for (std::size_t i = 0; i < flags.size(); i += 3) catalog.set(1, flags[i], true);
  catalog.set(1, flags[63], false);
  for (std::size_t i = 0; i < flags.size(); ++i) {
    CHECK(catalog.get(1, flags[i]) == (i % 3 == 0 && i != 63));
    CHECK_FALSE(catalog.get(0, flags[i]));
    CHECK_FALSE(catalog.get(2, flags[i]));
  }
}

TEST_CASE("catalogue: rows are written by several threads, copies are independent") {
  Schema schema;
  auto const value = schema.add<double>("value", "", "");
  auto const odd = schema.add_flag("odd", "");
  SourceCatalog catalog(schema, 1000);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (std::size_t row = t; row < catalog.size(); row += 4) {
          catalog.set(row, value, static_cast<double>(row));
          catalog.set(row, odd, row % 2 == 1);
        }
      });
  }
  SourceCatalog copy = catalog;
  copy.set(10, odd, true);
  for (std::size_t row = 0; row < catalog.size(); ++row) {
    CHECK(catalog.get(row, value) == static_cast<double>(row));
    CHECK(catalog.get(row, odd) == (row % 2 == 1));
  }
}

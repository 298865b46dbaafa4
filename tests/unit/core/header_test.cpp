#include "almagest/header.hpp"

#include <doctest/doctest.h>

#include "almagest/error.hpp"

using namespace almagest;

TEST_CASE("header: cards are read by name and type, integers as numbers too") {
  Header header;
  header.set("naxis", std::int64_t{2});
  header.set("EXPTIME", 53.9, "exposure time [s]");
  header.set("FILTER", std::string("r"));
  header.set("SIMPLE", true);
  CHECK(header.number("NAXIS") == 2.0);
  CHECK(header.integer("naxis") == 2);
  CHECK(header.number("exptime") == 53.9);
  CHECK(header.text("FILTER") == "r");
  CHECK(header.logical("SIMPLE"));
  CHECK(header.number_or("GAIN", 1.5) == 1.5);
}

TEST_CASE("header: what is missing or of another type is named with the origin") {
  Header header;
  header.set_origin("fpC.fit[0]");
  header.set("FILTER", std::string("r"));
  header.append({"GAIN", std::nullopt, ""});
  CHECK_THROWS_WITH_AS(header.number("FILTER"),
                       "fpC.fit[0]: card FILTER wants float, got string 'r'", DataError);
  CHECK_THROWS_WITH_AS(header.number("GAIN"), "fpC.fit[0]: card GAIN has no value", DataError);
  CHECK_THROWS_WITH_AS(header.text("RUN"), "fpC.fit[0]: card RUN is missing", DataError);
  CHECK_THROWS_AS(header.number_or("FILTER", 1.0), DataError);
}

TEST_CASE("header: set() replaces in place, comments repeat") {
  Header header;
  header.append({"A", Value(std::int64_t{1}), "first"});
  header.append({"B", Value(std::int64_t{2}), ""});
  header.append({"A", Value(std::int64_t{3}), "again"});
  header.set("A", std::int64_t{4});
  REQUIRE(header.cards().size() == 2);
  CHECK(header.cards()[0] == Header::Card{"A", Value(std::int64_t{4}), "first"});
  header.set("COMMENT", std::string("one"));
  header.set("COMMENT", std::string("two"));
  CHECK(header.cards().size() == 4);
  CHECK(header.cards()[3] == Header::Card{"COMMENT", std::nullopt, "two"});
  header.erase("COMMENT");
  CHECK(header.cards().size() == 2);
}

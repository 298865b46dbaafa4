#include "almagest/config_value.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace almagest;

TEST_CASE("config value: prints as one line of TOML") {
  // Expected by hand from the TOML 1.0 specification.
  CHECK(to_toml(ConfigValue(true)) == "true");
  CHECK(to_toml(ConfigValue(-3)) == "-3");
  CHECK(to_toml(ConfigValue(3.0)) == "3.0");
  CHECK(to_toml(ConfigValue(1e300)) == "1e+300");
  CHECK(to_toml(ConfigValue(std::numeric_limits<double>::infinity())) == "inf");
  CHECK(to_toml(ConfigValue(std::numeric_limits<double>::quiet_NaN())) == "nan");
  CHECK(to_toml(ConfigValue("C:\\data")) == "'C:\\data'");
  CHECK(to_toml(ConfigValue("it's")) == "\"it's\"");
  CHECK(to_toml(ConfigValue("a'\"\\\n\x01\x7f")) == "\"a'\\\"\\\\\\n\\u0001\\u007F\"");
  CHECK(to_toml(ConfigValue("σ")) == "'σ'");

  ConfigValue table;
  CHECK(to_toml(table) == "{}");
  table.set("radii", ConfigValue::Array{3.0, 6.0});
  table.set("a b", "");
  table.set("", ConfigValue::Array{});
  CHECK(to_toml(table) == "{ '' = [], 'a b' = '', radii = [3.0, 6.0] }");
}

TEST_CASE("config value: tables stay sorted, entries are replaced and erased") {
  ConfigValue table;
  table.set("b", 1);
  table.set("a", 2);
  table.set("b", "text");
  CHECK(to_toml(table) == "{ a = 2, b = 'text' }");
  REQUIRE(table.find("b"));
  CHECK(table.find("b")->string() == "text");
  CHECK(table.find("c") == nullptr);
  CHECK(ConfigValue(1).find("a") == nullptr);
  CHECK(table.erase("a"));
  CHECK_FALSE(table.erase("a"));
}

TEST_CASE("config value: equality looks at the data, not at the place") {
  ConfigValue a(std::numeric_limits<double>::quiet_NaN());
  ConfigValue b = a;
  b.where = {"a.toml", 1, 1};
  CHECK(a == b);
  CHECK(ConfigValue(ConfigValue::Array{a}) == ConfigValue(ConfigValue::Array{b}));
  CHECK_FALSE(ConfigValue(1) == ConfigValue(1.0));
}

TEST_CASE("config value: an accessor names the place and the type it found") {
  ConfigValue value(1);
  value.where = {"a.toml", 3, 5};
  CHECK_THROWS_WITH_AS(value.table(), "a.toml:3:5: wants table, got integer", ConfigError);
  CHECK_THROWS_WITH_AS(value.array(), "a.toml:3:5: wants array, got integer", ConfigError);
  CHECK_THROWS_WITH_AS(value.set("a", 1), "a.toml:3:5: wants table, got integer", ConfigError);
}

TEST_CASE("problems: all at once, by place, equal places as they were found") {
  Problems problems;
  CHECK_NOTHROW(problems.raise());
  problems.add({"b.toml", 1, 1}, "third");
  problems.add({"a.toml", 10, 2}, "second");
  problems.add({"a.toml", 9, 30}, "first");
  problems.add({"a.toml", 10, 2}, "second again");
  problems.add({}, "nowhere");
  CHECK_THROWS_WITH_AS(problems.raise(),
                       "nowhere\na.toml:9:30: first\na.toml:10:2: second\na.toml:10:2: second "
                       "again\nb.toml:1:1: third",
                       ConfigError);
}

TEST_CASE("nearest name: a slip is recognised, another word is not") {
  std::vector<std::string> const known{"method", "order", "base_PsfFlux", "x"};
  CHECK(nearest_name_hint("metod", known) == "; did you mean 'method'?");
  CHECK(nearest_name_hint("mehtod", known) == "; did you mean 'method'?");
  CHECK(nearest_name_hint("base_psfflux", known) == "; did you mean 'base_PsfFlux'?");
  CHECK(nearest_name_hint("threshold", known).empty());
  CHECK(nearest_name_hint("y", known).empty());  // nothing in common
  CHECK(nearest_name_hint("order", known).empty());
  CHECK(nearest_name_hint("", known).empty());
  CHECK(nearest_name_hint("metod", {}).empty());
}

#include "repository/id_selection.hpp"

#include <doctest/doctest.h>

#include "almagest/error.hpp"

using namespace almagest;

TEST_CASE("id selection: the tutorials' spellings") {
  auto const group =
      IdSelection::parse_group({"run=4192", "filter=u^g^r", "ccd=0..8:2^20", "x=a=b"});
  REQUIRE(group.size() == 4);
  CHECK(group[0].key == "run");
  CHECK(std::get<std::string>(group[0].any.at(0)) == "4192");
  CHECK(group[1].any.size() == 3);
  IntegerRange const range = std::get<IntegerRange>(group[2].any.at(0));
  CHECK(range.first == 0);
  CHECK(range.last == 8);
  CHECK(range.step == 2);
  CHECK(range.contains(6));
  CHECK_FALSE(range.contains(7));
  CHECK_FALSE(range.contains(10));
  CHECK(std::get<std::string>(group[2].any.at(1)) == "20");
  CHECK(std::get<std::string>(group[3].any.at(0)) == "a=b");
  CHECK(IdSelection::parse_group({}).empty());
  CHECK(std::get<IntegerRange>(IdSelection::parse_group({"x=-5..-1"})[0].any[0]).contains(-3));
}

TEST_CASE("id selection: mistakes quote the word") {
  for (char const* word : {"visit", "REPO", "=3", "visit=", "visit=1^", "visit=^1", "visit=1^^2",
                           "visit=3..", "visit=..3", "visit=5..3", "visit=1..9:0", "visit=1..9:-2",
                           "visit=a..b", "visit=1..2..3", "visit=99999999999999999999..3"}) {
    CAPTURE(word);
    try {
      IdSelection::parse_group({word});
      FAIL("accepted");
    } catch (ConfigError const& e) {
      CHECK(std::string(e.what()).find(word) != std::string::npos);
    }
  }
}

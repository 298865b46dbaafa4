#include "repository/path_template.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace almagest;

namespace {

std::string expand(std::string const& text, std::map<std::string, Value> const& values) {
  return PathTemplate::parse(text, {})
      .expand([&](std::string const& name) -> std::optional<Value> {
        auto const found = values.find(name);
        return found == values.end() ? std::nullopt : std::optional(found->second);
      })
      .string();
}

}  // namespace

TEST_CASE("path template: the SDSS archive's names come out") {
  std::map<std::string, Value> const id = {{"run", std::int64_t{4192}},
                                           {"rerun", std::int64_t{40}},
                                           {"camcol", std::int64_t{4}},
                                           {"field", std::int64_t{300}},
                                           {"filter", "r"}};
  CHECK(expand("{run}/{rerun}/corr/{camcol}/fpC-{run:06d}-{filter}{camcol}-{field:04d}.fit.gz",
               id) == "4192/40/corr/4/fpC-004192-r4-0300.fit.gz");
  CHECK(expand("{run:d}_{run:8d}{{x}}{filter:s}", id) == "4192_    4192{x}r");
  CHECK(PathTemplate::parse("{run}/{filter}-{run:06d}", {}).names() ==
        std::vector<std::string>{"run", "filter"});
}

TEST_CASE("path template: what cannot be read is refused with its place") {
  Where const where{"datasets.toml", 3, 9};
  for (std::string const text :
       {"", "/a", "a/", "../a", "a/../b", "./a", "a//b", "{", "a}", "{a b}", "{}", "{a:x}", "{a:}",
        "{a:-3d}", "{a:999d}", "{a:06d", "a\nb"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(PathTemplate::parse(text, where), ConfigError);
  }
  CHECK_THROWS_AS(PathTemplate::parse("{begin:%Y/%m}", where), ConfigError);
  CHECK_THROWS_AS(PathTemplate::parse("{begin:%Q}", where), ConfigError);
  CHECK_THROWS_AS(PathTemplate::parse("{begin:%}", where), ConfigError);
}

TEST_CASE("path template: Gen2's numbers and dates") {
  // The tutorials' first raw frame (HSC visit 40984), and a year's last second: 2016 ended with a
  // leap second, TAI - UTC was 36 s before it.
  CHECK(expand("{pointing:05}/{filter}/HSC-{visit:07}-{ccd:03}.fits",
               {{"pointing", std::int64_t{1378}},
                {"filter", "HSC-R"},
                {"visit", std::int64_t{40984}},
                {"ccd", std::int64_t{55}}}) == "01378/HSC-R/HSC-0040984-055.fits");
  double const last_second = 57753.0 + (86399.0 + 36.0) / 86400.0;  // 2016-12-31T23:59:59 UTC
  CHECK(expand("{begin:%Y-%m-%d}/{begin:%H%M%S}", {{"begin", last_second}}) == "2016-12-31/235959");
  CHECK(expand("{begin:%Y%j}", {{"begin", 57753.0 + (86401.0 + 36.0) / 86400.0}}) == "2017001");
  CHECK(expand("{day:%Y%m%d}", {{"day", "2015-10-10T11:12:13"}}) == "20151010");
  CHECK_THROWS_WITH_AS(expand("{day:%Y}", {{"day", "yesterday"}}),
                       "path '{day:%Y}' wants a time for 'day', got 'yesterday'", DataError);
}

TEST_CASE("path template: no value leads out of the directory") {
  // Fifty values as a hostile header could hold them.
  std::vector<std::string> hostile = {"",
                                      ".",
                                      "..",
                                      "../",
                                      "/",
                                      "//",
                                      "/etc/passwd",
                                      "../../x",
                                      "a/b",
                                      "a/",
                                      "/a",
                                      "..a",
                                      "a..",
                                      "a/../b",
                                      "...",
                                      "....",
                                      "-",
                                      "--",
                                      "-c",
                                      "-rf",
                                      "--output=x",
                                      "-c evil",
                                      "\n",
                                      "a\nb",
                                      "\r",
                                      "\t",
                                      "a\tb",
                                      "\x01",
                                      "\x1b[2J",
                                      "\x7f",
                                      "./",
                                      "./a",
                                      "../rerun/other",
                                      "..\\..",
                                      "x/..",
                                      "~/../x",
                                      "%2e%2e/",
                                      "$(touch x)/..",
                                      ";/bin/sh",
                                      "`id`/x",
                                      "|/x",
                                      "&/x",
                                      "a\x02",
                                      "\x1f",
                                      "../\n",
                                      "-/..",
                                      "--help",
                                      "-o/etc",
                                      "/dev/null"};
  hostile.push_back(std::string("a\0b", 3));
  hostile.push_back(std::string(300, 'x'));
  CHECK(hostile.size() >= 50);
  for (std::string const& value : hostile) {
    CAPTURE(value);
    CHECK_THROWS_AS(expand("out/{x}.fits", {{"x", value}}), DataError);
    CHECK_THROWS_AS(expand("{x}", {{"x", value}}), DataError);
  }
  CHECK_THROWS_AS(expand("{a}{b}/x", {{"a", "."}, {"b", "."}}), DataError);
  CHECK_THROWS_AS(expand("{a:d}", {{"a", std::int64_t{-5}}}), DataError);
  // These are odd but harmless: no shell ever sees them.
  CHECK(expand("{x}", {{"x", "$(touch x)"}}) == "$(touch x)");
  CHECK(expand("{x}", {{"x", "~"}}) == "~");
}

TEST_CASE("path template: a missing value and a wrong type are named") {
  CHECK_THROWS_WITH_AS(expand("{run}", {}), "path '{run}' needs 'run', which is not known",
                       DataError);
  CHECK_THROWS_WITH_AS(expand("{run:06d}", {{"run", "x"}}),
                       "path '{run:06d}' wants an integer for 'run', got string 'x'", DataError);
}

#include <doctest/doctest.h>

#include <fstream>

#include "engine/toml_reader.hpp"
#include "instrument/camera_document.hpp"
#include "instrument/header_rules.hpp"
#include "instrument/time_text.hpp"
#include "unit/temporary_directory.hpp"

using namespace almagest;

namespace {

HeaderRules rules(std::string const& toml) {
  Problems problems;
  HeaderRules result = HeaderRules::read(parse_toml(toml, "camera.toml"), {}, problems);
  problems.raise();
  return result;
}

std::string problems(std::string const& toml) {
  Problems found;
  HeaderRules::read(parse_toml(toml, "camera.toml"), {}, found);
  return found.str();
}

Header cards(std::initializer_list<std::pair<char const*, Value>> list) {
  Header header;
  header.set_origin("x.fits[0]");
  for (auto const& [name, value] : list) header.append({name, value, ""});
  return header;
}

/// The property `p` of a [header] with this rule, "absent", or the error.
std::string p(std::string const& rule, Header const& header) {
  try {
    ObservationInfo const info = rules("[header]\np = " + rule).translate(std::span(&header, 1));
    Value const* value = info.find("p");
    return value ? to_string(*value) : "absent";
  } catch (DataError const& e) {
    return e.what();
  }
}

}  // namespace

TEST_CASE("header rules: sources") {
  Header const h = cards({{"A", " "},
                          {"B", std::int64_t{7}},
                          {"C", "xyz"},
                          {"F1", "r"},
                          {"F3", "empty"},
                          {"PKG01", "sky"},
                          {"PKG02", "throughputs"},
                          {"VER02", "1.4"}});
  CHECK(p("'constant'", h) == "constant");
  CHECK(p("1.5", h) == "1.5");
  CHECK(p("''", h) == "absent");
  CHECK(p("{ key = 'B' }", h) == "7");
  CHECK(p("{ key = ['A', 'NONE', 'C', 'B'] }", h) == "xyz");  // a blank card is none
  CHECK(p("{ key = ['A', 'NONE'] }", h) == "absent");
  CHECK(p("{ format = '{C}_{B:03d}{{}}' }", h) == "xyz_007{}");
  CHECK(p("{ format = '{C}_{A}' }", h) == "absent");
  CHECK(p("{ expr = 'B*10 + 1' }", h) == "71");
  CHECK(p("{ expr = 'A*10 + 1' }", h) == "absent");
  CHECK(p("{ join = ['F1', 'F2', 'F3'], sep = '~' }", h) == "r~empty");
  CHECK(p("{ join = ['F1', 'F2', 'F3', 'F3'], sep = '~', drop_trailing = 'empty' }", h) == "r");
  CHECK(p("{ join = ['F2'], sep = '~', default = 'none' }", h) == "none");
  CHECK(p("{ pair = 'PKG', equals = 'throughputs', take = 'VER' }", h) == "1.4");
  CHECK(p("{ pair = 'PKG', equals = 'nothing', take = 'VER' }", h) == "absent");
  CHECK(p("{ cases = [{ where = 'B > 9', key = 'C' }, { where = 'A > 1', key = 'C' }, "
          "{ key = 'C', re = '^q' }, 'last'] }",
          h) == "last");
}

TEST_CASE("header rules: modifiers come in their order") {
  Header const h = cards({{"S", " Ab-Cd "}, {"N", "12.50"}, {"W", 6.0}, {"T", true}, {"H", "#"}});
  CHECK(p("{ key = 'S', re = '(\\w)-(\\w)', format = '{$2}{$1}{$0}' }", h) == "Cbb-C");
  CHECK(p("{ key = 'S', re = '(b)' }", h) == "b");
  CHECK(p("{ key = 'N', re = '^(\\d+)', expr = 'int($1)*2' }", h) == "24");
  CHECK(p("{ key = 'S', trim = true, case = 'lower' }", h) == "ab-cd");
  CHECK(p("{ key = 'S', trim = true, sub = [['\\W', '_'], ['b_', 'x']], case = 'upper' }", h) ==
        "AB_CD");  // case before sub
  CHECK(p("{ key = 'W', map = { 6 = 'y' }, other = '?' }", h) == "y");
  CHECK(p("{ key = 'N', map = { 6 = 'y' }, other = '?' }", h) == "?");
  CHECK(p("{ key = 'H', map = { '#' = '' }, default = 'blank' }", h) == "blank");
  CHECK(p("{ key = 'N', scale = -2, offset = 5, mod = 360 }", h) == "340.0");
  CHECK(p("{ key = 'W', type = 'int' }", h) == "6");
  CHECK(p("{ key = 'T', type = 'int' }", h) == "1");
  CHECK(p("{ key = 'W', type = 'str' }", h) == "6.0");
  CHECK(p("{ key = 'X', unit = 's', default = -1 }", h) == "-1.0");
  CHECK(p("{ key = 'X', default = '=W + 1' }", h) == "7.0");
}

TEST_CASE("header rules: units") {
  Header const h = cards({{"RA", "21:22:59.982"},
                          {"DEC", "-00:30:00.07"},
                          {"P", std::int64_t{74225}},
                          {"C", -0.15},
                          {"R", 1.0},
                          {"BAD", "12:61:00"},
                          {"HIGH", "25:00:00"}});
  CHECK(std::stod(p("{ key = 'RA', unit = 'hms' }", h)) ==
        doctest::Approx((21 + 22 / 60.0 + 59.982 / 3600.0) * 15).epsilon(1e-14));
  CHECK(std::stod(p("{ key = 'DEC', unit = 'dms' }", h)) ==
        doctest::Approx(-(30 / 60.0 + 0.07 / 3600.0)).epsilon(1e-14));
  CHECK(p("{ key = 'P', unit = 'Pa' }", h) == "742.25");
  CHECK(p("{ key = 'C', unit = 'degC' }", h) == "273.0");
  CHECK(p("{ key = 'R', unit = 'rad' }", h) == "57.29577951308232");
  CHECK(p("{ key = 'BAD', unit = 'dms' }", h) ==
        "x.fits[0]: card BAD = '12:61:00': '12:61:00' is no dd:mm:ss of degrees "
        "(property 'p', camera.toml:2:5)");
  CHECK(p("{ key = 'HIGH', unit = 'hms' }", h).find("is no hh:mm:ss") != std::string::npos);
}

TEST_CASE("header rules: times are MJD in TAI") {
  // TAI - UTC is 35 s from 2012-07-01 and 37 s from 2017-01-01 (IERS Bulletin C); TT - TAI 32.184
  // s.
  Value const day = "2013-11-02";
  CHECK(mjd_tai(day, TimeScale::tai) == 56598.0);
  CHECK(mjd_tai(day, TimeScale::utc) == doctest::Approx(56598.0 + 35 / 86400.0).epsilon(1e-15));
  CHECK(mjd_tai(Value(57754.25), TimeScale::utc) ==
        doctest::Approx(57754.25 + 37 / 86400.0).epsilon(1e-15));
  CHECK(mjd_tai(Value(57754.25), TimeScale::tt) ==
        doctest::Approx(57754.25 - 32.184 / 86400.0).epsilon(1e-15));
  CHECK(mjd_tai(Value("2013/11/02 12:00:00.5Z"), TimeScale::tai) ==
        doctest::Approx(56598.5 + 0.5 / 86400.0).epsilon(1e-15));
  CHECK(mjd_tai(Value("2016-12-31T23:59:60.5"), TimeScale::utc) ==
        doctest::Approx(57754.0 + 36.5 / 86400.0).epsilon(1e-15));  // in the leap second
  for (char const* bad : {"", "x", "2013-13-01", "2013-02-30", "2013-11-02T25:00:00", "1e300", "0",
                          "2013-11-02T12:00:0", "0000-01-01", "2013-11-02T12:00:00.5x", "nan"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(mjd_tai(Value(bad), TimeScale::utc), DataError);
  }
  Header const h = cards(
      {{"DATE-OBS", "2013-11-02"}, {"UT", "06:00:00"}, {"END", "05:59:00"}, {"EXPTIME", 30.0}});
  ObservationInfo const info = rules(R"toml([header]
begin = { time = ["MJD-OBS", "{DATE-OBS}T{UT}"], timescale = "utc" }
end   = { time = ["{DATE-OBS}T{END}"], timescale = "utc", not_before = "=begin + EXPTIME/86400" }
late  = { time = "NONE", timescale = "utc", default = "=begin + 1" }
)toml")
                                   .translate(std::span(&h, 1));
  CHECK(info.number("begin") == doctest::Approx(56598.25 + 35 / 86400.0).epsilon(1e-15));
  CHECK(info.number("end") == doctest::Approx(info.number("begin") + 30 / 86400.0).epsilon(1e-15));
  CHECK(info.number("late") == info.number("begin") + 1);
}

TEST_CASE("header rules: fixes change cards and properties, and everything is computed anew") {
  TemporaryDirectory const directory;
  std::filesystem::create_directories(directory.path() / "corrections");
  std::ofstream(directory.path() / "corrections/foo-A1.toml") << "FILTER = 'z'\nN = '=N + 1'\n";
  std::ofstream(directory.path() / "camera.toml") << R"toml([header]
instrument = "foo"
filter = { key = "FILTER" }
double = { expr = "N*2" }
_hidden = { key = "N" }
[[fix]]
where = "double in 4..8 and present(N)"
set   = { N = "=N + 10", FILTER = "r" }
[[fix]]
where = "double in 4..8"
set   = { N = 99 }
[[fix]]
file  = "corrections/{instrument}-{OBSID}.toml"
[[fix]]
where = "OBSID == 'A3'"
set   = { double = 5, FILTER = "" }
)toml";
  Problems found;
  HeaderRules const camera =
      HeaderRules::read(read_package_toml(directory.path() / "camera.toml"), {}, found);
  REQUIRE(found.str() == "");
  auto const translate = [&](char const* id, std::int64_t n) {
    Header const h = cards({{"OBSID", id}, {"N", n}, {"FILTER", "g"}});
    return camera.translate(std::span(&h, 1));
  };
  CHECK(translate("A2", 1).text("filter") == "g");
  CHECK(translate("A2", 2).text("filter") == "r");
  CHECK(translate("A2", 2).integer("double") == 24);
  CHECK(translate("A1", 2).text("filter") == "z");
  CHECK(translate("A1", 2).integer("double") == 26);
  CHECK(translate("A3", 1).integer("double") == 5);
  CHECK(!translate("A3", 1).find("filter"));
  CHECK(!translate("A3", 1).find("_hidden"));
  CHECK(translate("../foo-A1", 1).text("filter") == "g");  // names of files are not looked up
}

TEST_CASE("header rules: match wants whole values, and knows what is absent") {
  HeaderRules const camera = rules(R"toml([camera]
name = "foo"
match = [{ INSTRUME = "foo|bar", TEL = "T.*" }, { INSTRUME = "", ID = "F\\d+" }]
[header]
p = 1
)toml");
  auto const is = [&](Header const& h) { return camera.recognises(std::span(&h, 1)); };
  CHECK(is(cards({{"INSTRUME", "FOO"}, {"TEL", "tee"}})));
  CHECK(!is(cards({{"INSTRUME", "foobar"}, {"TEL", "tee"}})));
  CHECK(!is(cards({{"INSTRUME", "foo"}})));
  CHECK(is(cards({{"ID", "F12"}})));
  CHECK(!is(cards({{"ID", "F12"}, {"INSTRUME", "baz"}})));
  CHECK(!is(cards({{"ID", std::string(100000, 'F')}})));
  CHECK_THROWS_WITH(camera.translate(std::vector{cards({{"ID", "G"}})}),
                    "x.fits[0]: this is no file of 'foo': card INSTRUME (missing), card TEL "
                    "(missing), card ID = 'G'");
}

TEST_CASE("header rules: the first HDU that gives a card wins, among those that count") {
  std::vector<Header> const file{cards({{"A", "one"}, {"B", ""}}),
                                 cards({{"A", "two"}, {"B", "b"}}), cards({{"C", "c"}})};
  ObservationInfo const all =
      rules("[header]\na = { key = 'A' }\nb = { key = 'B' }\nc = { key = 'C' }").translate(file);
  CHECK(all.text("a") == "one");
  CHECK(all.text("b") == "b");
  CHECK(all.text("c") == "c");
  ObservationInfo const some = rules(
                                   "camera = { header_hdus = [0, 1] }\n[header]\nb = { key = 'B' "
                                   "}\nc = { key = 'C' }")
                                   .translate(file);
  CHECK(some.text("b") == "b");
  CHECK(!some.find("c"));
}

TEST_CASE("header rules: a key of the data ID must be there, of its type") {
  Problems found;
  std::vector<DataIdKey> keys(1);
  keys[0].name = "visit";
  HeaderRules const camera = HeaderRules::read(
      parse_toml("[header]\nvisit = { key = '_number' }\n_number = { key = ['OBS', 'NUM'] }", "c"),
      keys, found);
  REQUIRE(found.empty());
  Header const none = cards({});
  CHECK_THROWS_WITH(camera.translate(std::span(&none, 1)),
                    "x.fits[0]: 'visit' has no value; it comes from card OBS (missing), card NUM "
                    "(missing)");
  Header const text = cards({{"NUM", "abc"}});
  CHECK_THROWS_WITH(camera.translate(std::span(&text, 1)),
                    "x.fits[0]: 'visit' wants an integer, got string 'abc'; it comes from card OBS "
                    "(missing), card NUM = 'abc'");
}

TEST_CASE("header rules: everything wrong with them is said at once, in its place") {
  CHECK(problems(R"toml([camera]
match = [{ INSTRUME = "(" }]
[header]
a = { key = "A", type = "integer" }
b = { ky = "B" }
c = { key = "C", join = ["D"] }
d = { expr = "A +" }
e = { key = "exptime" }
exposure_time = { key = "E", re = "[" }
f = { time = ["T"] }
g = { key = "h" }
h = { expr = "g + 1" }
i = { table = "none.csv", index = "a", lookup = "{A}", column = "b" }
J = 3
k = { key = "K", unit = "furlong" }
l = { format = "{A:q}" }
[[fix]]
where = "a = 1"
)toml") == R"toml(camera.toml:7:18: expression "A +": expected a value, found its end
camera.toml:18:12: expression "a = 1": equality is written ==
camera.toml:2:23: '(' is no regular expression
camera.toml:4:25: 'type' must be 'int', 'float', 'str' or 'bool', got 'integer'
camera.toml:5:5: property 'b' has no source: want key, format, expr, join, pair, table, time or cases
camera.toml:5:7: property 'b' has no key 'ky'; did you mean 'key'?
camera.toml:6:5: property 'c' has both 'key' and 'join'
camera.toml:8:5: 'exptime' is no property of [header]
camera.toml:9:35: '[' is no regular expression
camera.toml:10:5: property 'f' needs 'timescale' (string)
camera.toml:12:5: property 'h' needs 'g', which needs it in turn
camera.toml:13:15: none.csv: no such file
camera.toml:14:1: 'J': a property has small letters; a name in capitals is a card
camera.toml:15:25: there is no unit 'furlong'; want one of deg rad arcmin arcsec hour hms dms s ms min day mm um cm m K degC hPa Pa kPa mbar %
camera.toml:16:16: '{A:q}': there is no sense in {A:q}
camera.toml:17:1: a [[fix]] wants either 'set' or 'file')toml");
}

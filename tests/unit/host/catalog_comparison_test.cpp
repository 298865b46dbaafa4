// Catalogues under logical names, matched and compared. Expected numbers are worked out by hand;
// tests/end_to_end/compare_test.py compares with an independent program on a real catalogue.
#include "host/catalog_comparison.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "almagest/geometry.hpp"
#include "host/comparison_figure.hpp"
#include "host/comparison_report.hpp"
#include "repository/formatters/primary_header.hpp"
#include "unit/temporary_directory.hpp"

namespace {

using namespace almagest;

using Doubles = std::vector<double>;

CatalogTable table_of(std::size_t rows, std::vector<CatalogTable::Column> columns) {
  CatalogTable table;
  table.file = "a.csv";
  table.kind = CatalogTable::Kind::csv;
  table.rows = rows;
  table.columns = std::move(columns);
  return table;
}

ComparedCatalog catalog_of(std::map<std::string, Doubles, std::less<>> numbers) {
  ComparedCatalog catalog;
  catalog.file = "made up";
  catalog.rows = numbers.begin()->second.size();
  catalog.numbers = std::move(numbers);
  return catalog;
}

ComparedQuantity const& quantity(ComparedSample const& sample, std::string const& name) {
  for (ComparedQuantity const& each : sample.quantities)
    if (each.name == name) return each;
  FAIL("no quantity " << name);
  return sample.quantities.front();
}

TEST_CASE("compare: columns by choice, by the stack's name, by the logical name") {
  ColumnChoice choice;
  add_column_choice(choice, "x=X_IMAGE");
  choice.origin = 1;
  auto const catalog = compared_catalog(table_of(1, {{"X_IMAGE", "", Doubles{11}},
                                                     {"x", "", Doubles{-1}},
                                                     {"y", "", Doubles{21}},
                                                     {"base_PsfFlux_instFlux", "ct", Doubles{5}},
                                                     {"edge", "", std::vector<std::int64_t>{4}}}),
                                        choice);
  CHECK(catalog.number("x")[0] == 10);
  CHECK(catalog.number("y")[0] == 20);
  CHECK(catalog.number("psf")[0] == 5);
  CHECK(catalog.flag("edge")[0] == 1);
  CHECK_THROWS_WITH_AS(add_column_choice(choice, "psff=X"),
                       doctest::Contains("did you mean 'psf'?"), ConfigError);
  CHECK_THROWS_AS(add_column_choice(choice, "x"), ConfigError);
  add_column_choice(choice, "y=ROW_IMAGE");
  CHECK_THROWS_WITH_AS(
      compared_catalog(table_of(1, {{"X_IMAGE", "", Doubles{11}}, {"ROWIMAGE", "", Doubles{1}}}),
                       choice),
      doctest::Contains("there is no column 'ROW_IMAGE' for 'y'; did you mean 'ROWIMAGE'?"),
      ConfigError);
  CHECK_THROWS_WITH_AS(compared_catalog(table_of(1, {{"flux", "", Doubles{11}}}), {}),
                       doctest::Contains("its columns are: flux"), DataError);
}

TEST_CASE("compare: angles are radians in a catalogue, degrees in the stack's text and elsewhere") {
  auto const ra_of = [](CatalogTable::Kind kind, char const* unit, char const* name, double value) {
    char const* const dec = name == std::string("ra") ? "dec" : "coord_dec";
    // With its frame, as else that of a FITS file would be looked for in the file.
    CatalogTable table = table_of(1, {{name, unit, Doubles{value}},
                                      {dec, unit, Doubles{0}},
                                      {"run", "", std::vector<std::int64_t>{1}},
                                      {"filter", "", std::vector<std::string>{"r"}}});
    table.kind = kind;
    return compared_catalog(table, {}).number("ra")[0];
  };
  using Kind = CatalogTable::Kind;
  CHECK(ra_of(Kind::fits, "rad", "coord_ra", 6.0) == 6.0 / radians_per_degree);
  CHECK(ra_of(Kind::fits, "deg", "ra", 6.0) == 6.0);
  CHECK(ra_of(Kind::csv, "", "coord_ra", 6.0) == 6.0 / radians_per_degree);
  CHECK(ra_of(Kind::csv, "", "coord_ra", 351.0) == 351.0);
  CHECK(ra_of(Kind::csv, "", "ra", 6.0) == 6.0);
  CHECK(ra_of(Kind::words, "", "coord_ra", 6.0) == 6.0);
}

TEST_CASE("compare: one unit for both angles of a CSV file, told or possible") {
  auto const read = [](Doubles const& ra, Doubles const& dec,
                       std::vector<char const*> const& words) {
    ColumnChoice choice;
    for (char const* word : words) add_column_choice(choice, word);
    return compared_catalog(table_of(ra.size(), {{"coord_ra", "", ra}, {"coord_dec", "", dec}}),
                            choice);
  };
  auto const degrees = read({351.0}, {0.1}, {});  // 0.1 alone may be radians
  CHECK(degrees.number("ra")[0] == 351.0);
  CHECK(degrees.number("dec")[0] == 0.1);
  CHECK(degrees.angle_note.find("coord_ra and coord_dec are taken as degrees") == 0);
  CHECK(read({6.0, 5.0}, {0.1, -2.0}, {}).number("ra")[0] == 6.0);  // no declination is -2 rad

  auto const radians = read({6.0}, {0.1}, {});
  CHECK(radians.number("ra")[0] == 6.0 / radians_per_degree);
  CHECK(radians.number("dec")[0] == 0.1 / radians_per_degree);
  CHECK(radians.angle_note == "coord_ra and coord_dec are taken as radians");
  auto const told = read({6.0}, {0.1}, {"ra=coord_ra:deg"});
  CHECK(told.number("ra")[0] == 6.0);
  CHECK(told.number("dec")[0] == 0.1);
  CHECK(told.angle_note.empty());
}

TEST_CASE("compare: radians and degrees by all their names, and no other unit") {
  auto const read = [](char const* ra, char const* dec, std::vector<char const*> const& words) {
    ColumnChoice choice;
    for (char const* word : words) add_column_choice(choice, word);
    return compared_catalog(table_of(1, {{"RA", ra, Doubles{1}}, {"DEC", dec, Doubles{1}}}), choice)
        .number("dec")[0];
  };
  std::vector<char const*> const names{"ra=RA", "dec=DEC"};
  for (char const* unit : {"rad", "radian", "radians", "Radian"})
    CHECK(read(unit, unit, names) == 1.0 / radians_per_degree);
  for (char const* unit : {"deg", "degree", "degrees", "DEG", ""})
    CHECK(read(unit, unit, names) == 1.0);
  CHECK(read("radian", "rad", names) == 1.0 / radians_per_degree);
  CHECK(read("", "rad", names) == 1.0 / radians_per_degree);
  CHECK_THROWS_WITH_AS(read("hourangle", "deg", names),
                       doctest::Contains("a.csv: column 'RA' is in 'hourangle'"), DataError);
  CHECK_THROWS_WITH_AS(read("deg", "arcsec", names), doctest::Contains("--map dec=DEC:deg"),
                       DataError);
  CHECK_THROWS_WITH_AS(
      read("deg", "radian", names),
      doctest::Contains("column 'RA' is in 'deg', but 'DEC' in 'radian'; give both one unit"),
      DataError);
  CHECK(read("hourangle", "rad", {"ra=RA:deg", "dec=DEC"}) ==
        1.0);  // the command line knows better
  CHECK_THROWS_AS(read("", "", {"ra=RA:deg", "dec=DEC:rad"}), ConfigError);
}

/// "none" where there is none.
std::string first_frame(CatalogTable const& table, ColumnChoice const& choice = {}) {
  auto const catalog = compared_catalog(table, choice);
  return catalog.frames.empty() ? "none" : catalog.frames[0].str();
}

using Ids = std::vector<std::int64_t>;
using Words = std::vector<std::string>;

CatalogTable table_with_id(std::int64_t id, std::vector<CatalogTable::Column> before = {}) {
  before.push_back({"id", "", Ids{id}});
  before.push_back({"coord_ra", "", Doubles{1}});
  before.push_back({"coord_dec", "", Doubles{1}});
  return table_of(1, std::move(before));
}

TEST_CASE("compare: ids tell frames in the stack's text alone, if they are SDSS'") {
  auto const of_text = [](std::int64_t id) {
    CatalogTable table = table_with_id(id);
    table.kind = CatalogTable::Kind::words;
    return first_frame(table);
  };
  std::int64_t const sdss = (std::int64_t{4192240300} << 26) + 7;
  CHECK(of_text(sdss) == "run=4192 camcol=4 field=300 filter=r");
  CHECK(of_text((std::int64_t{903999} << 26) + 7) == "none");
  CHECK(of_text((std::int64_t{8800000001} << 22) + 7) == "none");
  CHECK(of_text(7) == "none");
  CHECK(first_frame(table_with_id(sdss)) == "none");
  CHECK(first_frame(table_with_id((std::int64_t{903334023} << 26) + 7)) == "none");
}

TEST_CASE("compare: frames come from columns: those of any data ID before id, or run and filter") {
  CHECK(first_frame(
            table_with_id((std::int64_t{903334023} << 26) + 7, {{"visit", "", Words{"903334"}},
                                                                {"ccd", "", Ids{23}},
                                                                {"filter", "", Words{"HSC-I"}}})) ==
        "visit=903334 ccd=23 filter=HSC-I");
  CHECK(first_frame(table_with_id(7, {{"run", "", Ids{94}},
                                      {"camcol", "", Ids{1}},
                                      {"field", "", Ids{11}},
                                      {"filter", "", Words{"g"}}})) ==
        "run=94 camcol=1 field=11 filter=g");
  CHECK(first_frame(table_with_id(7, {{"x", "", Words{"1.5"}}})) == "none");
  CHECK(first_frame(table_with_id(7, {{"flux", "", Doubles{1}}})) == "none");
  std::vector<CatalogTable::Column> const columns{{"x", "", Doubles{1}},
                                                  {"y", "", Doubles{1}},
                                                  {"filter", "", Words{"g"}},
                                                  {"run", "", Ids{94}},
                                                  {"scan", "", Ids{95}}};
  CHECK(first_frame(table_of(1, columns)) == "run=94 filter=g");
  ColumnChoice choice;
  add_column_choice(choice, "run=scan");
  CHECK(first_frame(table_of(1, columns), choice) == "run=95 filter=g");

  // Numbers are sorted as such, and frames of one visit are kept apart.
  FrameKey second, tenth;
  second.others = {{"ccd", std::int64_t{2}}};
  tenth.others = {{"ccd", std::int64_t{10}}};
  CHECK(second < tenth);
  CHECK(second != tenth);
}

TEST_CASE("compare: a product's frame is the data ID in its primary header") {
  TemporaryDirectory const directory;
  auto const written = [&](char const* file, DataId const& id) {
    Formatter::WriteRequest request;
    request.id = id;
    fits::Writer writer(directory / file);
    writer.primary(id.empty() ? Header() : product_header("almagest.SourceCatalog", request));
    fits::Table table;
    table.rows = 2;
    for (char const* name : {"x", "y"}) {
      fits::TableColumn column;
      column.name = name;
      column.values = Doubles{1, 2};
      table.columns.push_back(column);
    }
    fits::TableColumn ids;
    ids.name = "id";
    ids.values = Ids{std::int64_t{8800000001} << 22, std::int64_t{8800000002} << 22};
    table.columns.push_back(ids);
    writer.table("SOURCES", table);
    writer.close();
    return read_catalog_file(directory / file);
  };
  CHECK(first_frame(written("hsc.fits", {{"visit", std::int64_t{903334}},
                                         {"ccd", std::int64_t{23}}})) == "visit=903334 ccd=23");
  auto const sdss = written("sdss.fits", {{"run", std::int64_t{4192}},
                                          {"camcol", std::int64_t{4}},
                                          {"field", std::int64_t{300}},
                                          {"filter", std::string("r")}});
  CHECK(compared_catalog(sdss, {}).frames ==
        std::vector<FrameKey>{{"r", 4192, 4, 300}, {"r", 4192, 4, 300}});
  CHECK(first_frame(written("foreign.fits", {})) == "none");
}

TEST_CASE("compare: a parent finds the parent, although a child lies nearer") {
  auto const a = catalog_of({{"x", {10.0, 10.3}}, {"y", {5.0, 5.0}}, {"psf", {1000.0, 100.0}}});
  auto const b = catalog_of({{"x", {10.3, 10.0}}, {"y", {5.0, 5.0}}, {"psf", {1000.0, 100.0}}});
  CHECK(match_catalogs(a, b, 1.0, MatchSpace::pixels) == std::vector<RowPair>{{0, 0}, {1, 1}});
  auto blind = a;
  blind.numbers.erase("psf");
  CHECK(match_catalogs(blind, b, 1.0, MatchSpace::pixels) == std::vector<RowPair>{{0, 1}, {1, 0}});
}

TEST_CASE("compare: each row is matched once, up to the radius, and NaN never") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  auto const a = catalog_of({{"x", {0, 0.4, 50, nan}}, {"y", {0, 0, 50, 3}}});
  auto const b = catalog_of({{"x", {0.1, 51, 70, nan}}, {"y", {0, 50, 70, 3}}});
  CHECK(match_catalogs(a, b, 1.0, MatchSpace::pixels) == std::vector<RowPair>{{0, 0}, {2, 1}});
  CHECK(match_catalogs(a, b, 0.0, MatchSpace::pixels).empty());
  CHECK_THROWS_WITH_AS(match_catalogs(a, b, 120.0, MatchSpace::pixels, 8),
                       doctest::Contains("the radius of 120 pixel is too large"), DataError);
  CHECK(match_catalogs(a, b, 120.0, MatchSpace::pixels, 9).size() == 3);
  // Across the meridian, near the pole: 0.5″ at dec 80° are 2.88″ of right ascension.
  auto const north = catalog_of({{"ra", {359.9996}}, {"dec", {80.0}}});
  auto const south = catalog_of({{"ra", {0.0003}}, {"dec", {80.0}}});
  CHECK(match_catalogs(north, south, 0.5, MatchSpace::sky).size() == 1);
  CHECK(match_catalogs(north, south, 0.4, MatchSpace::sky).empty());
}

TEST_CASE("compare: median and scatter of finite values") {
  Spread const odd = spread_of({3, 1, std::numeric_limits<double>::quiet_NaN(), 8});
  CHECK(odd.median == 3);
  CHECK(odd.scatter == doctest::Approx(1.4826 * 2));
  Spread const even = spread_of({4, 1, 2, 100});
  CHECK(even.median == 3);
  CHECK(even.scatter == doctest::Approx(1.4826 * 1.5));
  CHECK(std::isnan(spread_of({}).median));
}

TEST_CASE("compare: tails of the spread count what is infinitely far off") {
  Doubles values(100);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = (i % 2 == 0 ? 1.0 : -1.0) * double(i);
  Spread const spread = spread_of(values);
  CHECK(spread.p97 == 96);
  CHECK(spread.worst == 99);
  CHECK(std::isinf(spread_of({1, 2, std::numeric_limits<double>::infinity()}).worst));
  CHECK(spread_of({1, 2, -std::numeric_limits<double>::infinity()}).median == 1.5);
}

TEST_CASE("compare: samples by signal-to-noise ratio leave flagged rows out") {
  auto a = catalog_of({{"x", {1, 2.25, 3, 40}}, {"y", {1, 2, 3, 4}}, {"psf", {110, 33, 22, 7}}});
  auto b = catalog_of({{"x", {1, 2, 3, 90}},
                       {"y", {1, 2, 3, 4}},
                       {"psf", {100, 30, 20, 6}},
                       {"psfErr", {1, 1, 4, 1}}});
  a.numbers["xy"] = {0.5, -0.25, std::numeric_limits<double>::quiet_NaN(), 1};
  b.numbers["xy"] = {0.0, 0.0, 0.0, 1};
  a.flags["cflag"] = {0, 0, 0, 0};
  b.flags["cflag"] = {1, 0, 0, 0};
  auto const frames = compare_catalogs(a, b, {});
  REQUIRE(frames.size() == 1);
  FrameComparison const& frame = frames[0];
  CHECK(frame.frame.str() == "all");
  CHECK(!frame.same_ids);
  CHECK(frame.a.rows == 3);
  REQUIRE(frame.samples.size() == 4);  // without `ext` there are no stars
  CHECK(frame.samples[0].rows == 3);
  CHECK(quantity(frame.samples[0], "psf").spread.median == doctest::Approx(0.1));
  CHECK(quantity(frame.samples[0], "agree_cflag").share == doctest::Approx(2.0 / 3.0));
  CHECK(quantity(frame.samples[0], "psfPull").spread.median == doctest::Approx(3.0));
  CHECK(frame.samples[1].name == "SN>20");
  CHECK(frame.samples[1].rows == 1);  // the other one is flagged
  CHECK(quantity(frame.samples[1], "dx").spread.median == 0.25);
  CHECK(frame.samples[3].rows == 0);  // S/N 5 is not above 5
  CHECK(std::isnan(quantity(frame.samples[3], "psf").spread.median));
  CHECK(quantity(frame.samples[0], "dxy").spread.median == 0.125);
  CHECK(std::isinf(quantity(frame.samples[0], "dxy").spread.worst));  // the third has none in A
  CHECK(quantity(frame.samples[1], "dxy").spread.worst == 0.25);
  REQUIRE(frame.completeness.size() == 8);
  CHECK(frame.completeness[2].str() == "5–7");
  CHECK(frame.completeness[2].rows == 2);  // 5 ≤ S/N < 7
  CHECK(frame.completeness[2].found == 1);
  std::string const text = comparison_text(frames, 1.0, MatchSpace::pixels);
  CHECK(
      text.starts_with("all: 4 rows in A, 4 in B; 3 matched within 1 pixel, 1 only in A, 1 only"));
  CHECK(comparison_json(frames).find("\"psf\": {") != std::string::npos);
  CHECK(catalogs_text(a, b) == "A = made up\nB = made up\n");
}

TEST_CASE("compare: a picture's title tells files of one name apart") {
  auto const title = [](char const* file_a, char const* file_b) {
    auto a = catalog_of({{"x", {1}}, {"y", {1}}});
    auto b = a;
    a.file = file_a;
    b.file = file_b;
    return comparison_figure(compare_catalogs(a, b, {}), 1.0, MatchSpace::pixels).title;
  };
  CHECK(title("out/a.csv", "out/b.csv") == "A: a.csv   B: b.csv");
  CHECK(title("/old/r/src.csv", "/new/r/src.csv") == "A: old/r/src.csv   B: new/r/src.csv");
  CHECK(title("src.csv", "new/src.csv") == "A: src.csv   B: new/src.csv");
  CHECK(title("/x/src.csv", "/x/src.csv") == "A: src.csv   B: src.csv");
}

TEST_CASE("compare: rows of any signal-to-noise ratio are in one bin") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  auto const b = catalog_of({{"x", {1, 2, 3, 4, 5, 6}},
                             {"y", {1, 1, 1, 1, 1, 1}},
                             {"psf", {-3, nan, 0, 1e12, 1, -1}},
                             {"psfErr", {1, 1, 1, 1, 0, 0}}});
  auto const frames = compare_catalogs(b, b, {});
  auto const rows = [&](std::string const& name) {
    for (CompletenessBin const& bin : frames[0].completeness)
      if (bin.str() == name) return bin.rows;
    return std::size_t{99};
  };
  CHECK(rows("< 0") == 2);
  CHECK(rows("0–5") == 1);
  CHECK(rows("≥ 50") == 2);
  CHECK(rows("unknown") == 1);
  CHECK(infinity == frames[0].completeness[6].high);
}

TEST_CASE("compare: frames are paired, and those of one catalogue alone are told") {
  auto a = catalog_of({{"x", {1, 1}}, {"y", {1, 1}}});
  auto b = catalog_of({{"x", {1, 1, 1}}, {"y", {1, 1, 1}}});
  a.frames = {{"r", 5, 1, 11}, {"u", 5, 1, 11}};
  b.frames = {{"r", 5}, {"u", 5}, {"z", 5}};  // knows neither camcol nor field
  auto const frames = compare_catalogs(a, b, {});
  REQUIRE(frames.size() == 3);
  CHECK(frames[0].frame.str() == "run=5 filter=u");
  CHECK(frames[1].frame.filter == "r");
  CHECK(frames[1].a.rows == 1);
  CHECK(frames[2].rows_a == 0);

  auto elsewhere = b;
  elsewhere.file = "elsewhere";
  for (FrameKey& frame : elsewhere.frames) frame.run = 9;
  CHECK_THROWS_WITH_AS(compare_catalogs(a, elsewhere, {}),
                       doctest::Contains("no frame is common: made up has run=5 filter=u; run=5 "
                                         "filter=r, elsewhere has run=9 filter=u"),
                       DataError);

  auto untold = catalog_of({{"x", {1}}, {"y", {1}}});
  CHECK_THROWS_WITH_AS(compare_catalogs(untold, b, {}),
                       doctest::Contains("choose one with --run and --filter"), DataError);
  CHECK(compare_catalogs(untold, b, {1.0, 5, "z"}).size() == 1);
  CHECK_THROWS_AS(compare_catalogs(a, b, {1.0, 6, {}}), ConfigError);
  CHECK_THROWS_WITH_AS(compare_catalogs(untold, catalog_of({{"ra", {1}}, {"dec", {1}}}), {}),
                       doctest::Contains("has x and y, made up has ra and dec"), DataError);
}

}  // namespace

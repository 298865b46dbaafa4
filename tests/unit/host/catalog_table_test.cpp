// Catalogue files of every kind, sound and broken.
#include "host/catalog_table.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "unit/temporary_directory.hpp"

namespace {

using namespace almagest;

std::filesystem::path text_file(std::filesystem::path const& path, std::string const& text) {
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::vector<double> numbers(CatalogTable const& table, char const* name) {
  REQUIRE(table.find(name));
  return numbers_of(table, *table.find(name));
}

TEST_CASE("catalogue files: csv with quotes, blank lines and Windows line ends") {
  TemporaryDirectory const directory;
  auto const table = read_catalog_file(text_file(
      directory / "a.csv", "\xEF\xBB\xBFid,x,\"a \"\"b\"\", c\"\r\n1,+2.5,\"p,q\"\r\n\r\n2,nan,r"));
  CHECK(table.kind == CatalogTable::Kind::csv);
  CHECK(table.rows == 2);
  CHECK(integers_of(*table.find("id")) == std::vector<std::int64_t>{1, 2});
  CHECK(numbers(table, "x")[0] == 2.5);
  CHECK(std::isnan(numbers(table, "x")[1]));
  REQUIRE(table.find("a \"b\", c"));
  CHECK(words_of(*table.find("a \"b\", c")) == std::vector<std::string>{"p,q", "r"});
  CHECK(table.place(1).ends_with("a.csv:4"));
}

TEST_CASE("catalogue files: the stack's text; a column of dashes is none") {
  TemporaryDirectory const directory;
  auto const table = read_catalog_file(
      text_file(directory / "a.txt",
                "#id x flags_negative bad\n281323062375219201  1.5 - True\n# more\n2 - - 0\n"));
  CHECK(table.kind == CatalogTable::Kind::words);
  CHECK(table.rows == 2);
  CHECK(table.columns.size() == 3);
  CHECK(!table.find("flags_negative"));
  CHECK(integers_of(*table.find("id"))[0] == 281323062375219201);
  CHECK(std::isnan(numbers(table, "x")[1]));
  CHECK(flags_of(table, *table.find("bad")) == std::vector<std::uint8_t>{1, 0});
}

TEST_CASE("catalogue files: FITS with LSST's bit column, or a plain one behind another table") {
  TemporaryDirectory const directory;
  auto const column = [](char const* name, auto values) {
    fits::TableColumn result;
    result.name = name;
    result.values = std::move(values);
    return result;
  };
  fits::Table stack;
  stack.rows = 2;
  stack.columns = {column("flags", std::vector<std::uint8_t>{0, 1, 1, 1}),
                   column("id", std::vector<std::int64_t>{5, 6}),
                   column("coord_ra", std::vector<double>{1.0, 2.0}),
                   column("pair", std::vector<float>{1, 2, 3, 4})};
  stack.columns[0].bits = true;
  stack.columns[0].repeat = 2;
  stack.columns[0].bit_names = {"edge", "bad"};
  stack.columns[2].unit = "rad";
  stack.columns[3].repeat = 2;
  fits::Table other;
  other.rows = 1;
  other.columns = {column("card", std::vector<std::string>{"x"})};
  for (auto const& [file, first, second] :
       {std::tuple("first.fits", "", "OTHER"),
        std::tuple("ldac.fits", "LDAC_IMHEAD", "LDAC_OBJECTS")}) {
    fits::Writer writer(directory / file);
    writer.primary({});
    bool const ldac = second == std::string("LDAC_OBJECTS");
    writer.table(first, ldac ? other : stack);
    writer.table(second, ldac ? stack : other);
    writer.close();
    auto const table = read_catalog_file(directory / file);
    CHECK(table.rows == 2);
    CHECK(flags_of(table, *table.find("edge")) == std::vector<std::uint8_t>{0, 1});
    CHECK(flags_of(table, *table.find("bad")) == std::vector<std::uint8_t>{1, 1});
    CHECK(table.find("coord_ra")->unit == "rad");
    CHECK(numbers(table, "id") == std::vector<double>{5, 6});
    CHECK(!table.find("pair"));  // several values per row
  }
}

TEST_CASE("catalogue files: what is wrong is told with file and line") {
  TemporaryDirectory const directory;
  auto const message = [&](std::string const& text) {
    auto const path = text_file(directory / "broken.txt", text);
    try {
      CatalogTable const table = read_catalog_file(path);
      for (auto const& column : table.columns) numbers_of(table, column);
    } catch (DataError const& error) {
      return std::string(error.what()).substr(directory.path().string().size() + 1);
    }
    return std::string("accepted");
  };
  CHECK(message("#id x\n1 2\n1 2 3\n") ==
        "broken.txt:3: has 3 values, but the header names 2 columns");
  CHECK(message("id,x\n1,2\n1,two\n") == "broken.txt:3: 'two' in column 'x' is no number");
  CHECK(message("id,x\n1,\"2\n") == "broken.txt:2: a quote is not closed");
  CHECK(message("") == "broken.txt: has no header line");
  CHECK(message(std::string("a\0b", 3)) == "broken.txt: is neither FITS nor text");
  CHECK(message("SIMPLE") != "accepted");
  CHECK(message("id,x\n") == "accepted");  // no rows
  CHECK_THROWS_WITH_AS(read_catalog_file(directory / "none.csv"),
                       doctest::Contains("there is no catalogue file"), NotFoundError);
  CHECK_THROWS_AS(read_catalog_file(directory.path()), NotFoundError);
}

}  // namespace

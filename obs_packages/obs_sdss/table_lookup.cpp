#include "table_lookup.hpp"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "almagest/error.hpp"

namespace obs_sdss {

using namespace almagest;

namespace {

std::vector<std::string> words(Header const& header, std::string_view card) {
  std::istringstream stream(header.text(card));
  std::vector<std::string> found;
  for (std::string word; stream >> word;) found.push_back(word);
  return found;
}

}  // namespace

std::size_t position_in_list(Header const& header, std::string_view card, std::string const& word) {
  auto const list = words(header, card);
  auto const place = std::find(list.begin(), list.end(), word);
  if (place == list.end())
    throw DataError(header.origin() + ": '" + word + "' is not in " + std::string(card) + " = '" +
                    header.text(card) + "'");
  return static_cast<std::size_t>(place - list.begin());
}

std::size_t list_size(Header const& header, std::string_view card) {
  return words(header, card).size();
}

std::size_t row_of_field(fits::Table const& table, std::int64_t field,
                         std::filesystem::path const& file) {
  Numbers const fields(table, "field", 1, file);
  auto const rows = static_cast<std::size_t>(table.rows);
  for (std::size_t row = 0; row < rows; ++row)
    if (fields(row) == static_cast<double>(field)) return row;
  std::string known = "the table is empty";
  if (rows > 0)
    known = "it has fields " + std::to_string(static_cast<std::int64_t>(fields(0))) + " to " +
            std::to_string(static_cast<std::int64_t>(fields(rows - 1)));
  throw DataError(file.string() + ": no row for field " + std::to_string(field) + "; " + known);
}

fits::Table require_table(fits::Reader& reader, std::size_t hdu, std::string const& content,
                          std::filesystem::path const& file) {
  auto const count = static_cast<std::size_t>(reader.hdu_count());
  if (hdu >= count)
    throw DataError(file.string() + ": no HDU " + std::to_string(hdu) + ", which should hold " +
                    content + "; the file has " + std::to_string(count) + " HDUs");
  return reader.table(static_cast<int>(hdu));
}

Numbers::Numbers(fits::Table const& table, std::string const& column, std::size_t values_per_row,
                 std::filesystem::path const& file)
    : values_(table.numbers(column)), values_per_row_(values_per_row) {
  if (values_.size() != static_cast<std::size_t>(table.rows) * values_per_row)
    throw DataError(file.string() + ": column '" + column + "' should hold " +
                    std::to_string(values_per_row) + " values per row, but has " +
                    std::to_string(values_.size()) + " values in " + std::to_string(table.rows) +
                    " rows");
}

double require_finite(double value, std::string const& name, std::filesystem::path const& file) {
  if (!std::isfinite(value))
    throw DataError(file.string() + ": " + name + " should be a number, got " +
                    to_string(Value(value)));
  return value;
}

double require_positive(double value, std::string const& name, std::filesystem::path const& file) {
  if (!(std::isfinite(value) && value > 0))
    throw DataError(file.string() + ": " + name + " should be a positive number, got " +
                    to_string(Value(value)));
  return value;
}

}  // namespace obs_sdss

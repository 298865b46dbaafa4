#include "almagest/amplifier_table.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "almagest/fits.hpp"
#include "repository/formatters/formatters.hpp"
#include "repository/formatters/primary_header.hpp"
#include "repository/formatters/table_building.hpp"
#include "repository/text_table.hpp"

namespace almagest {
namespace {

constexpr char const* extension_name = "AMPLIFIERS";

/// Adds a column, whose rows are those of `names`; NaN is what was not measured.
void add(AmplifierTable& table, std::vector<std::string> const& names, std::string const& column,
         std::vector<double> const& values, std::string const& file) {
  for (std::size_t row = 0; row < names.size(); ++row) {
    if (std::isinf(values[row]))
      throw DataError(fmt::format("{}, row {}: '{}' is infinite", file, row + 1, column));
    if (!std::isnan(values[row])) table.amplifiers[names[row]][column] = values[row];
  }
}

AmplifierTable with_rows(std::vector<std::string> const& names, std::string const& file) {
  AmplifierTable table;
  for (std::size_t row = 0; row < names.size(); ++row) {
    std::string const place = fmt::format("{}, row {}", file, row + 1);
    if (names[row].empty()) throw DataError(place + ": the amplifier has no name");
    if (!table.amplifiers.try_emplace(names[row]).second)
      throw DataError(fmt::format("{}: amplifier '{}' is there twice", place, names[row]));
  }
  return table;
}

AmplifierTable read_text(std::filesystem::path const& path) {
  TextTable const text(path);
  std::size_t const amplifier = text.require("amplifier");
  std::vector<std::string> names;
  for (std::size_t row = 0; row < text.rows(); ++row) names.push_back(text.text(row, amplifier));
  AmplifierTable table = with_rows(names, path.string());
  for (std::string const& column : text.columns()) {
    std::size_t const place = text.require(column);
    if (place == amplifier) continue;
    std::vector<double> values;
    for (std::size_t row = 0; row < text.rows(); ++row)
      values.push_back(text.text(row, place).empty() ? std::numeric_limits<double>::quiet_NaN()
                                                     : text.number(row, place));
    add(table, names, column, values, path.string());
  }
  return table;
}

AmplifierTable read_fits(std::filesystem::path const& path) {
  fits::Reader reader(path);
  fits::Table const stored = reader.table(reader.require(extension_name));
  std::vector<std::string> const& names = stored.texts("AMPLIFIER");
  AmplifierTable table = with_rows(names, stored.header.origin());
  for (fits::TableColumn const& column : stored.columns)
    if (column.name != "AMPLIFIER")
      add(table, names, column.name, column_values<double>(stored, column.name),
          stored.header.origin());
  return table;
}

AmplifierTable read(std::filesystem::path const& path, Formatter::ReadRequest const& /*request*/) {
  return looks_like_fits(path) ? read_fits(path) : read_text(path);
}

void write(AmplifierTable const& table, std::filesystem::path const& path,
           Formatter::WriteRequest const& request) {
  std::vector<std::string> names;
  std::set<std::string> columns;
  for (auto const& [amplifier, values] : table.amplifiers) {
    names.push_back(amplifier);
    for (auto const& [column, value] : values) columns.insert(column);
  }
  fits::Table stored;
  stored.rows = static_cast<std::int64_t>(names.size());
  add_column(stored, "AMPLIFIER", "", "name", std::move(names));
  for (std::string const& column : columns) {
    std::vector<double> numbers;
    for (auto const& [amplifier, values] : table.amplifiers) {
      auto const found = values.find(column);
      numbers.push_back(found == values.end() ? std::numeric_limits<double>::quiet_NaN()
                                              : found->second);
    }
    add_column(stored, column, "", "as the camera's column of this name", std::move(numbers));
  }
  fits::Writer writer(path);
  writer.primary(product_header(ProductTraits<AmplifierTable>::id, request));
  writer.table(extension_name, stored);
  writer.close();
}

}  // namespace

std::shared_ptr<Formatter const> amplifier_table_formatter() {
  return std::make_shared<FunctionFormatter<AmplifierTable>>("fits", &read, &write);
}

}  // namespace almagest

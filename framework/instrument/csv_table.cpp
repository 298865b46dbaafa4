#include "instrument/csv_table.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>

namespace almagest {
namespace {

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  auto const first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> cells;
  for (;;) {
    auto const comma = line.find(',');
    cells.push_back(trimmed(line.substr(0, comma)));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

}  // namespace

CsvTable::CsvTable(std::filesystem::path const& path) : path_(path) {
  std::ifstream file(path);
  if (!file) throw NotFoundError(path.string() + ": no such file");
  unsigned number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (std::string const text = trimmed(line); text.empty() || text.front() == '#') continue;
    std::vector<std::string> cells = split(line);
    if (columns_.empty()) {
      columns_ = std::move(cells);
      continue;
    }
    if (cells.size() != columns_.size())
      throw ConfigError({path.string(), number, 0},
                        "the row has " + std::to_string(cells.size()) + " cells for " +
                            std::to_string(columns_.size()) + " columns");
    rows_.push_back({number, std::move(cells)});
  }
  for (auto name = columns_.begin(); name != columns_.end(); ++name)
    if (std::find(columns_.begin(), name, *name) != name)
      throw ConfigError({path.string(), 1, 0}, "two columns are called '" + *name + "'");
}

std::optional<std::size_t> CsvTable::find(std::string_view column) const noexcept {
  auto const found = std::ranges::find(columns_, column);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

double CsvTable::number(std::size_t row, std::size_t column) const {
  std::string const& cell = text(row, column);
  if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0.0;
  auto const [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size())
    throw ConfigError(where(row), "'" + columns_[column] + "' is no number: '" + cell + "'");
  return value;
}

int CsvTable::integer(std::size_t row, std::size_t column) const {
  std::string const& cell = text(row, column);
  int value = 0;
  auto const [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error != std::errc() || end != cell.data() + cell.size())
    throw ConfigError(where(row), "'" + columns_[column] + "' is no integer: '" + cell + "'");
  return value;
}

}  // namespace almagest

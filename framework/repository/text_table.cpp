#include "repository/text_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "almagest/error.hpp"

namespace almagest {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr char const* blank = " \t\r";
  auto const begin = text.find_first_not_of(blank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

std::string_view unquoted(std::string_view text) {
  bool const quoted = text.size() >= 2 && (text.front() == '\'' || text.front() == '"') &&
                      text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

TextTable::TextTable(std::filesystem::path const& path) : name_(path.string()) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw NotFoundError(name_ + ": there is no such file, or it cannot be read");
  std::string line;
  for (unsigned number = 1; std::getline(file, line); ++number) {
    if (number == 1 && line.starts_with("# %ECSV")) delimiter_ = ' ';
    if (line.starts_with('#'))
      read_comment(std::string_view(line).substr(1));
    else if (!trimmed(line).empty())
      add_line(trimmed(line), number);
  }
  if (columns_.empty()) throw DataError(name_ + ": has no line with the columns' names");
}

/// `- {KEY: value}`, `KEY: value`.
void TextTable::read_comment(std::string_view line) {
  line = trimmed(line);
  if (line.starts_with('-')) line = trimmed(line.substr(1));
  if (line.starts_with('{') && line.ends_with('}')) line = line.substr(1, line.size() - 2);
  auto const colon = line.find(": ");
  if (colon == std::string_view::npos) return;
  std::string const key(trimmed(line.substr(0, colon)));
  std::string const value(unquoted(trimmed(line.substr(colon + 2))));
  if (key == "delimiter" && value.size() == 1) delimiter_ = value[0];
  meta_.try_emplace(key, value);
}

void TextTable::add_line(std::string_view line, unsigned number) {
  std::vector<std::string> cells = cells_of(line, number);
  if (columns_.empty()) {
    columns_ = std::move(cells);
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (find(columns_[i]) != i) refuse(number, "column '" + columns_[i] + "' is there twice");
    return;
  }
  if (cells.size() != columns_.size())
    refuse(number, fmt::format("{} values, but {} columns", cells.size(), columns_.size()));
  rows_.push_back({number, std::move(cells)});
}

std::vector<std::string> TextTable::cells_of(std::string_view line, unsigned number) const {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    char const c = line[i];
    if (c == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"')
        cells.back() += line[++i];
      else
        quoted = !quoted;
    } else if (c == delimiter_ && !quoted) {
      // Blanks count once, other delimiters each.
      if (delimiter_ != ' ' || (i > 0 && line[i - 1] != ' ')) cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  if (quoted) refuse(number, "the quote is not closed");
  for (std::string& cell : cells) cell = trimmed(cell);
  return cells;
}

void TextTable::refuse(unsigned line, std::string const& what) const {
  throw DataError(fmt::format("{}:{}: {}", name_, line, what));
}

std::optional<std::size_t> TextTable::find(std::string_view column) const noexcept {
  auto const found = std::ranges::find(columns_, column);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

std::optional<std::size_t> TextTable::find_any(
    std::vector<std::string> const& columns) const noexcept {
  for (std::string const& column : columns)
    if (auto const found = find(column)) return found;
  return std::nullopt;
}

std::size_t TextTable::require(std::string_view column) const {
  if (auto const found = find(column)) return *found;
  throw DataError(
      fmt::format("{}: has no column '{}' (it has {})", name_, column, fmt::join(columns_, ", ")));
}

double TextTable::number(std::size_t row, std::size_t column) const {
  std::string const& cell = text(row, column);
  double number = 0;
  auto const [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (cell.empty() || error != std::errc() || end != cell.data() + cell.size())
    refuse(rows_[row].line,
           fmt::format("'{}' in column '{}' is no number", cell, columns_[column]));
  return number;
}

std::string TextTable::meta(std::string const& key) const {
  auto const found = meta_.find(key);
  return found == meta_.end() ? std::string() : found->second;
}

bool looks_like_fits(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw NotFoundError(path.string() + ": there is no such file, or it cannot be read");
  char begin[6] = {};
  file.read(begin, sizeof begin);
  std::string_view const text(begin, static_cast<std::size_t>(file.gcount()));
  return text == "SIMPLE" || text.starts_with("\x1f\x8b");
}

}  // namespace almagest

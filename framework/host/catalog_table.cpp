#include "host/catalog_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"

namespace almagest {

namespace {

namespace fs = std::filesystem;

// ---- FITS

/// A column's values as one of ours; none for those with several values per row.
std::optional<CatalogTable::Values> plain_values(fits::TableColumn const& column) {
  if (column.repeat != 1) return std::nullopt;
  return std::visit(
      [&]<class T>(std::vector<T> const& values) -> std::optional<CatalogTable::Values> {
        if constexpr (std::is_same_v<T, std::uint8_t>) {
          if (column.bits || column.logical) return values;
          return std::vector<std::int64_t>(values.begin(), values.end());
        } else if constexpr (std::is_integral_v<T>) {
          return std::vector<std::int64_t>(values.begin(), values.end());
        } else if constexpr (std::is_floating_point_v<T>) {
          return std::vector<double>(values.begin(), values.end());
        } else if constexpr (std::is_same_v<T, std::string>) {
          return values;
        } else {
          return std::nullopt;
        }
      },
      column.values);
}

/// One column per named bit.
void append_flags(CatalogTable& table, fits::TableColumn const& column) {
  auto const& bits = std::get<std::vector<std::uint8_t>>(column.values);
  auto const count = static_cast<std::size_t>(column.repeat);
  for (std::size_t flag = 0; flag < column.bit_names.size(); ++flag) {
    std::vector<std::uint8_t> values(table.rows);
    for (std::size_t row = 0; row < table.rows; ++row) values[row] = bits[row * count + flag];
    table.columns.push_back({column.bit_names[flag], "", std::move(values)});
  }
}

/// Which HDU holds the sources. Of several tables, a file of ours and one of SExtractor's name it.
int source_hdu(fits::Reader& reader, std::string const& file) {
  for (char const* name : {"SOURCES", "LDAC_OBJECTS"})
    if (auto const hdu = reader.find(name)) return *hdu;
  for (int hdu = 1; hdu < reader.hdu_count(); ++hdu) {
    Header const header = reader.header(hdu);
    Value const* const kind = header.find("XTENSION");
    if (kind && to_string(*kind) == "BINTABLE") return hdu;
  }
  throw DataError(file + ": has no table");
}

CatalogTable read_fits(fs::path const& path) {
  fits::Reader reader(path);
  fits::Table const stored = reader.table(source_hdu(reader, path.string()));
  CatalogTable table;
  table.file = path.string();
  table.rows = static_cast<std::size_t>(stored.rows);
  for (fits::TableColumn const& column : stored.columns) {
    if (column.bits && !column.bit_names.empty()) {
      append_flags(table, column);
    } else if (auto values = plain_values(column)) {
      bool const complete =
          std::visit([&](auto const& v) { return v.size() == table.rows; }, *values);
      if (complete) table.columns.push_back({column.name, column.unit, *std::move(values)});
    }
  }
  return table;
}

// ---- text

struct TextRow {
  unsigned line = 0;
  std::vector<std::string> cells;
};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> words;
  for (auto next = line.begin(); next != line.end();) {
    next = std::find_if_not(next, line.end(), is_blank);
    auto const end = std::find_if(next, line.end(), is_blank);
    if (next != end) words.emplace_back(next, end);
    next = end;
  }
  return words;
}

/// Header line and rows of words; further lines that begin with `#` are comments.
std::vector<TextRow> split_lines(std::string_view text) {
  std::vector<TextRow> rows;
  for (unsigned line = 1; !text.empty(); ++line) {
    std::size_t const end = std::min(text.find('\n'), text.size());
    std::string_view content = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    bool const comment = content.starts_with('#');
    if (comment && !rows.empty()) continue;
    if (comment) content.remove_prefix(1);
    if (auto words = split_words(content); !words.empty()) rows.push_back({line, std::move(words)});
  }
  return rows;
}

/// RFC 4180: commas, double quotes around what needs them, "" for a quote.
std::vector<TextRow> split_csv(std::string_view text, std::string const& file) {
  std::vector<TextRow> rows;
  TextRow row{1, {}};
  std::string cell;
  bool quoted = false;
  unsigned line = 1;
  auto const end_row = [&] {
    row.cells.push_back(std::move(cell));
    cell.clear();
    bool const empty_line = row.cells.size() == 1 && row.cells[0].empty();
    if (!empty_line) rows.push_back(std::move(row));
    row = {line, {}};
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (c == '\n') ++line;
    if (quoted) {
      bool const doubled = c == '"' && i + 1 < text.size() && text[i + 1] == '"';
      if (c != '"' || doubled) cell += c;
      if (doubled) ++i;
      if (c == '"' && !doubled) quoted = false;
    } else if (c == '"' && cell.empty()) {
      quoted = true;
    } else if (c == ',') {
      row.cells.push_back(std::move(cell));
      cell.clear();
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r') {
      cell += c;
    }
  }
  if (quoted) throw DataError(fmt::format("{}:{}: a quote is not closed", file, row.line));
  if (!cell.empty() || !row.cells.empty()) end_row();
  return rows;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

CatalogTable read_text(fs::path const& path, std::string_view text) {
  CatalogTable table;
  table.file = path.string();
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  table.kind = text.starts_with('#') ? CatalogTable::Kind::words : CatalogTable::Kind::csv;
  std::vector<TextRow> rows =
      table.kind == CatalogTable::Kind::words ? split_lines(text) : split_csv(text, table.file);
  if (rows.empty()) throw DataError(table.file + ": has no header line");
  std::vector<std::string> const names = std::move(rows.front().cells);
  table.rows = rows.size() - 1;
  std::vector<std::vector<std::string>> columns(names.size());
  for (auto row = rows.begin() + 1; row != rows.end(); ++row) {
    if (row->cells.size() != names.size())
      throw DataError(fmt::format("{}:{}: has {} values, but the header names {} columns",
                                  table.file, row->line, row->cells.size(), names.size()));
    table.lines.push_back(row->line);
    for (std::size_t i = 0; i < names.size(); ++i) columns[i].push_back(std::move(row->cells[i]));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    bool const absent = table.rows != 0 && std::ranges::all_of(columns[i], [](std::string& word) {
                          return word == "-";
                        });
    if (!absent)
      table.columns.push_back({std::string(trimmed(names[i])), "", std::move(columns[i])});
  }
  return table;
}

// ---- values

/// "nan" and "inf" too. None when the word is no number.
template <class T>
std::optional<T> parsed(std::string_view word) {
  word = trimmed(word);
  if (word.starts_with('+')) word.remove_prefix(1);
  T value{};
  auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

bool is_set(double value) {
  return value != 0.0 && !std::isnan(value);
}

double number_of(CatalogTable const& table, std::string const& column, std::size_t row,
                 std::string_view word) {
  std::string_view const text = trimmed(word);
  if (text.empty() || text == "-") return std::numeric_limits<double>::quiet_NaN();
  if (auto const value = parsed<double>(text)) return *value;
  throw DataError(
      fmt::format("{}: '{}' in column '{}' is no number", table.place(row), text, column));
}

}  // namespace

CatalogTable::Column const* CatalogTable::find(std::string_view name) const noexcept {
  auto const found = std::ranges::find(columns, name, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

std::string CatalogTable::place(std::size_t row) const {
  return row < lines.size() ? fmt::format("{}:{}", file, lines[row])
                            : fmt::format("{}: row {}", file, row);
}

CatalogTable read_catalog_file(fs::path const& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!fs::is_regular_file(path) || !stream)
    throw NotFoundError("there is no catalogue file '" + path.string() + "'");
  char start[6] = {};
  stream.read(start, sizeof start);
  std::string_view const magic(start, static_cast<std::size_t>(stream.gcount()));
  if (magic == "SIMPLE" || magic.starts_with("\x1f\x8b")) return read_fits(path);
  stream.clear();
  stream.seekg(0);
  std::string const text{std::istreambuf_iterator<char>(stream), {}};
  if (text.find('\0') != std::string::npos)
    throw DataError(path.string() + ": is neither FITS nor text");
  return read_text(path, text);
}

std::vector<double> numbers_of(CatalogTable const& table, CatalogTable::Column const& column) {
  return std::visit(
      [&]<class T>(std::vector<T> const& values) {
        if constexpr (std::is_arithmetic_v<T>) {
          return std::vector<double>(values.begin(), values.end());
        } else {
          std::vector<double> numbers;
          numbers.reserve(values.size());
          for (std::size_t row = 0; row < values.size(); ++row)
            numbers.push_back(number_of(table, column.name, row, values[row]));
          return numbers;
        }
      },
      column.values);
}

std::vector<std::int64_t> integers_of(CatalogTable::Column const& column) {
  if (auto const* whole = std::get_if<std::vector<std::int64_t>>(&column.values)) return *whole;
  auto const* words = std::get_if<std::vector<std::string>>(&column.values);
  std::vector<std::int64_t> integers;
  for (std::size_t row = 0; words && row < words->size(); ++row) {
    auto const value = parsed<std::int64_t>((*words)[row]);
    if (!value) return {};
    integers.push_back(*value);
  }
  return integers;
}

std::vector<std::uint8_t> flags_of(CatalogTable const& table, CatalogTable::Column const& column) {
  if (auto const* flags = std::get_if<std::vector<std::uint8_t>>(&column.values)) return *flags;
  std::vector<std::uint8_t> flags;
  if (auto const* words = std::get_if<std::vector<std::string>>(&column.values)) {
    for (std::size_t row = 0; row < words->size(); ++row) {
      std::string_view const word = trimmed((*words)[row]);
      bool const yes = word == "True" || word == "true" || word == "T";
      bool const no = word == "False" || word == "false" || word == "F" || word.empty();
      flags.push_back(yes || (!no && is_set(number_of(table, column.name, row, word))) ? 1 : 0);
    }
  } else {
    for (double const value : numbers_of(table, column)) flags.push_back(is_set(value) ? 1 : 0);
  }
  return flags;
}

std::vector<std::string> words_of(CatalogTable::Column const& column) {
  return std::visit(
      []<class T>(std::vector<T> const& values) {
        std::vector<std::string> words;
        for (T const& value : values) {
          if constexpr (std::is_same_v<T, std::string>) {
            words.emplace_back(trimmed(value));
          } else {
            words.push_back(fmt::format("{}", value));
          }
        }
        return words;
      },
      column.values);
}

}  // namespace almagest

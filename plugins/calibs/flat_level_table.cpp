#include "flat_level_table.hpp"

#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "almagest/error.hpp"
#include "almagest/value.hpp"

namespace calibs {
namespace {
using namespace almagest;

constexpr std::string_view heading = "id,level,exposure,detector";

/// \throws DataError
FlatLevelTable::Row row_of(std::string_view line, std::string const& where) {
  std::array<std::string_view, 4> fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::size_t const comma = line.find(',');
    bool const last = i + 1 == fields.size();
    if (last != (comma == std::string_view::npos))
      throw DataError(where + ": expected the four values " + std::string(heading));
    fields[i] = line.substr(0, comma);
    line.remove_prefix(last ? line.size() : comma + 1);
  }
  auto const number = [&](std::string_view field) {
    double value = 0.0;
    auto const [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size())
      throw DataError(where + ": '" + std::string(field) + "' is no number");
    return value;
  };
  return {std::string(fields[0]), number(fields[1]), number(fields[2]), number(fields[3])};
}

FlatLevelTable read(std::filesystem::path const& path, Formatter::ReadRequest const&) {
  std::ifstream in(path);
  if (!in) throw NotFoundError(path.string() + ": no such file, or it cannot be read");
  std::string line;
  if (!std::getline(in, line) || line != heading)
    throw DataError(path.string() + ":1: expected the line '" + std::string(heading) + "'");
  FlatLevelTable table;
  for (int number = 2; std::getline(in, line); ++number)
    table.rows.push_back(row_of(line, path.string() + ":" + std::to_string(number)));
  return table;
}

void write(FlatLevelTable const& table, std::filesystem::path const& path,
           Formatter::WriteRequest const&) {
  std::ofstream out(path);
  out << heading << '\n';
  for (FlatLevelTable::Row const& row : table.rows) {
    out << row.id;
    for (double const value : {row.level, row.exposure, row.detector})
      out << ',' << to_string(Value(value));
    out << '\n';
  }
  out.close();
  if (!out) throw DataError(path.string() + ": cannot be written");
}

}  // namespace

FlatLevelTable::Row const* FlatLevelTable::find(DataId const& wanted) const {
  std::string const text = wanted.str();
  for (Row const& row : rows)
    if (row.id == text) return &row;
  return nullptr;
}

std::shared_ptr<Formatter const> flat_level_formatter() {
  return std::make_shared<FunctionFormatter<FlatLevelTable>>("csv", &read, &write);
}

}  // namespace calibs

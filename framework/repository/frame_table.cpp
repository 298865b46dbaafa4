#include "repository/frame_table.hpp"

#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <algorithm>

namespace almagest {
namespace {

/// An SQL identifier, whatever characters it has.
std::string identifier(std::string_view name) {
  std::string text = "\"";
  for (char const c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

/// By the rules of column affinity (SQLite, "Datatypes", section 3.1), in the registry's spelling.
FrameTable::Type column_type(std::string declared) {
  std::ranges::transform(declared, declared.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  auto const has = [&](char const* part) { return declared.find(part) != std::string::npos; };
  if (has("INT")) return FrameTable::Type::integer;
  if (has("REAL") || has("FLOA") || has("DOUB") || has("NUM")) return FrameTable::Type::number;
  return FrameTable::Type::text;
}

std::optional<Value> value_of(SQLite::Column const& column) {
  if (column.isInteger()) return Value(std::int64_t{column.getInt64()});
  if (column.isFloat()) return Value(column.getDouble());
  if (!column.isText()) return std::nullopt;
  std::string text = column.getString();
  text.erase(text.find_last_not_of(' ') + 1);  // fixed-width columns of FITS tables ('82S       ')
  return Value(std::move(text));
}

void bind(SQLite::Statement& statement, int index, Value const& value) {
  std::visit(
      [&](auto const& v) {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, bool>)
          statement.bind(index, v ? 1 : 0);
        else
          statement.bind(index, v);
      },
      value);
}

}  // namespace

FrameTable::FrameTable(std::filesystem::path registry, bool foreign, std::string table)
    : connection_(std::move(registry), foreign), table_(std::move(table)) {
  if (!connection_.exists())
    throw ConfigError("there is no registry " + connection_.path().string());
  connection_.use([&](SQLite::Database& database) {
    columns_.clear();
    SQLite::Statement query(database, "SELECT name, type FROM pragma_table_info(?)");
    query.bind(1, table_);
    while (query.executeStep())
      if (std::string const name = query.getColumn(0).getString(); name != "id")
        columns_.push_back({name, column_type(query.getColumn(1).getString())});
  });
  if (columns_.empty())
    throw ConfigError(connection_.path().string() + " has no table '" + table_ + "'");
}

std::optional<std::size_t> FrameTable::find(std::string_view column) const noexcept {
  auto const found = std::ranges::find(columns_, column, &Column::name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

std::vector<FrameTable::Row> FrameTable::rows() const {
  std::vector<Row> result;
  std::string sql;
  for (Column const& column : columns_)
    sql += (sql.empty() ? "SELECT " : ", ") + identifier(column.name);
  sql += " FROM " + identifier(table_);
  connection_.use([&](SQLite::Database& database) {
    result.clear();
    SQLite::Statement query(database, sql);
    while (query.executeStep()) {
      Row& row = result.emplace_back();
      for (int i = 0; i < static_cast<int>(columns_.size()); ++i)
        row.push_back(value_of(query.getColumn(i)));
    }
  });
  return result;
}

std::vector<Value> FrameTable::values(
    std::string const& column, std::vector<std::pair<std::string, Value>> const& where) const {
  std::string sql =
      fmt::format("SELECT DISTINCT {} FROM {}", identifier(column), identifier(table_));
  for (std::size_t i = 0; i < where.size(); ++i)
    sql += (i == 0 ? " WHERE " : " AND ") + identifier(where[i].first) + " = ?";
  std::vector<Value> result;
  connection_.use([&](SQLite::Database& database) {
    result.clear();
    SQLite::Statement query(database, sql + " LIMIT 2");
    for (std::size_t i = 0; i < where.size(); ++i)
      bind(query, static_cast<int>(i) + 1, where[i].second);
    while (query.executeStep())
      if (auto value = value_of(query.getColumn(0))) result.push_back(std::move(*value));
  });
  return result;
}

}  // namespace almagest

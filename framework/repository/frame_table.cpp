#include "repository/frame_table.hpp"

#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <algorithm>

#include "repository/frame_registry.hpp"
#include "repository/frame_tables.hpp"

namespace almagest {
namespace {

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

}  // namespace

FrameTable::FrameTable(std::filesystem::path registry, bool foreign, std::string table)
    : connection_(std::move(registry), foreign), from_(sql_identifier(table) + " AS r") {
  if (!connection_.exists())
    throw ConfigError("there is no registry " + connection_.path().string());
  connection_.use([&](SQLite::Database& database) {
    columns_.clear();
    add_columns(database, table);
    of_raw_ = columns_.size();
    add_columns(database, "raw_file");
  });
  if (of_raw_ == 0)
    throw ConfigError(connection_.path().string() + " has no table '" + table + "'");
  if (has_files()) from_ += " LEFT JOIN raw_file AS f ON f.id = r.id";
}

void FrameTable::add_columns(SQLite::Database& database, std::string const& table) {
  SQLite::Statement query(database, "SELECT name, type FROM pragma_table_info(?)");
  query.bind(1, table);
  while (query.executeStep())
    if (std::string const name = query.getColumn(0).getString(); name != "id" && !find(name))
      columns_.push_back({name, column_type(query.getColumn(1).getString())});
}

bool FrameTable::is_bookkeeping(std::string_view column) noexcept {
  return std::ranges::find(file_bookkeeping, column) != file_bookkeeping.end();
}

std::optional<std::size_t> FrameTable::find(std::string_view column) const noexcept {
  auto const found = std::ranges::find(columns_, column, &Column::name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

std::string FrameTable::sql_of(std::string const& column) const {
  return (find(column) < of_raw_ ? "r." : "f.") + sql_identifier(column);
}

std::vector<FrameTable::Row> FrameTable::rows() const {
  std::vector<Row> result;
  std::string sql;
  for (Column const& column : columns_)
    sql += (sql.empty() ? "SELECT " : ", ") + sql_of(column.name);
  sql += " FROM " + from_;
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
  std::string sql = fmt::format("SELECT DISTINCT {} FROM {}", sql_of(column), from_);
  for (std::size_t i = 0; i < where.size(); ++i)
    sql += (i == 0 ? " WHERE " : " AND ") + sql_of(where[i].first) + " = ?";
  std::vector<Value> result;
  connection_.use([&](SQLite::Database& database) {
    result.clear();
    SQLite::Statement query(database, sql + " LIMIT 2");
    for (std::size_t i = 0; i < where.size(); ++i)
      bind_value(query, static_cast<int>(i) + 1, where[i].second);
    while (query.executeStep())
      if (auto value = value_of(query.getColumn(0))) result.push_back(std::move(*value));
  });
  return result;
}

}  // namespace almagest

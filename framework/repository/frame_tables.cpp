#include "repository/frame_tables.hpp"

#include <SQLiteCpp/Statement.h>
#include <fmt/format.h>

#include <algorithm>

namespace almagest {
namespace {

constexpr char const* our_tables = R"(
CREATE TABLE IF NOT EXISTS calib (       -- calibrations, each for a time
  id          INTEGER PRIMARY KEY,
  type        TEXT NOT NULL,                    -- dataset type
  keys        TEXT NOT NULL,                    -- JSON: of what, {"ccd":50,"filter":"HSC-I"}
  calibDate   TEXT NOT NULL,                    -- YYYY-MM-DD
  validStart  TEXT NOT NULL,                    -- first day
  validEnd    TEXT,                             -- last day; NULL = until the next one begins
  path        TEXT NOT NULL,                    -- below the repository, or absolute
  source      TEXT NOT NULL,
  mode        TEXT NOT NULL,                    -- link, copy, move, direct
  size        INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  checksum    TEXT NOT NULL,
  UNIQUE (type, keys, validStart)
);
CREATE TABLE IF NOT EXISTS quarantine (  -- files that could not be taken
  source TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  time   INTEGER NOT NULL                       -- seconds since 1970
);
)";

char const* sql_type(FrameColumn::Type type, bool gen2) {
  switch (type) {
    case FrameColumn::Type::integer:
      return gen2 ? "INT" : "INTEGER";
    case FrameColumn::Type::number:
      return gen2 ? "DOUBLE" : "REAL";
    case FrameColumn::Type::text:
      break;
  }
  return "TEXT";
}

bool is_key(std::string const& column, std::vector<DataIdKey> const& keys) {
  return std::ranges::find(keys, column, &DataIdKey::name) != keys.end();
}

std::string raw_table(FrameTablesOf const& of) {
  std::string columns, names;
  for (FrameColumn const& column : of.storage.raw)
    columns +=
        fmt::format("  {} {}{},\n", sql_identifier(column.name), sql_type(column.type, of.gen2),
                    is_key(column.name, of.keys) ? " NOT NULL" : "");
  for (DataIdKey const& key : of.keys)
    names += (names.empty() ? "" : ", ") + sql_identifier(key.name);
  return fmt::format("CREATE TABLE raw (\n  id INTEGER PRIMARY KEY{},\n{}  UNIQUE ({})\n){};",
                     of.gen2 ? " AUTOINCREMENT" : "", columns, names, of.gen2 ? "" : " STRICT");
}

std::string visit_table(FrameTablesOf const& of) {
  std::string columns;
  for (std::string const& name : of.storage.visit)
    columns += fmt::format("  {} {},\n", sql_identifier(name),
                           sql_type(of.storage.find(name)->type, of.gen2));
  return fmt::format("CREATE TABLE raw_visit (\n{}  UNIQUE ({})\n){};", columns,
                     sql_identifier(of.storage.visit.front()), of.gen2 ? "" : " STRICT");
}

std::string file_table() {
  std::string columns;
  for (FileProperty const& property : file_properties)
    columns +=
        fmt::format(",\n  {} {}", sql_identifier(property.name), sql_type(property.type, false));
  return "CREATE TABLE raw_file (\n"
         "  id          INTEGER PRIMARY KEY REFERENCES raw ON DELETE CASCADE,\n"
         "  path        TEXT NOT NULL UNIQUE,             -- below the repository, or absolute\n"
         "  source      TEXT NOT NULL,                    -- where it was ingested from\n"
         "  mode        TEXT NOT NULL,                    -- link, copy, move, direct\n"
         "  size        INTEGER NOT NULL,\n"
         "  modified_ns INTEGER NOT NULL,\n"
         "  checksum    TEXT NOT NULL" +  // of all headers
         columns +
         "\n) STRICT;\n"
         "CREATE INDEX raw_file_source ON raw_file (source);";
}

void add_missing_columns(SQLite::Database& database, FrameTablesOf const& of) {
  std::vector<std::string> const known = table_columns(database, "raw");
  for (FrameColumn const& column : of.storage.raw)
    if (std::ranges::find(known, column.name) == known.end())
      database.exec(fmt::format("ALTER TABLE raw ADD COLUMN {} {}", sql_identifier(column.name),
                                sql_type(column.type, of.gen2)));
}

}  // namespace

void make_frame_tables(SQLite::Database& database, FrameTablesOf const& of) {
  if (table_columns(database, "raw").empty())
    database.exec(raw_table(of));
  else if (!of.gen2)
    add_missing_columns(database, of);
  if (!of.storage.visit.empty() && table_columns(database, "raw_visit").empty())
    database.exec(visit_table(of));
  if (table_columns(database, "raw_file").empty()) database.exec(file_table());
  database.exec(our_tables);
}

std::string sql_identifier(std::string const& name) {
  std::string text = "\"";
  for (char const c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + '"';
}

std::vector<std::string> table_columns(SQLite::Database& database, std::string const& table) {
  std::vector<std::string> columns;
  SQLite::Statement query(database, "SELECT name FROM pragma_table_info(?)");
  query.bind(1, table);
  while (query.executeStep()) columns.push_back(query.getColumn(0).getString());
  return columns;
}

}  // namespace almagest

#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "almagest/value.hpp"
#include "repository/database.hpp"

namespace almagest {

/// The registry's table of raw frames, one row each: of a Gen2 registry as it stands, or of our
/// own. What `raw_file` tells of a frame (frame_tables.hpp) is there as further columns.
class FrameTable {
 public:
  enum class Type { integer, number, text };
  struct Column {
    std::string name;
    Type type = Type::text;
  };
  /// The values of one row, by column; none where the registry has none.
  using Row = std::vector<std::optional<Value>>;

  /// \throws ConfigError when the file or the table does not exist
  FrameTable(std::filesystem::path registry, bool foreign, std::string table);

  /// Whether a column is about the frame's file: its path, its size.
  static bool is_bookkeeping(std::string_view column) noexcept;
  /// Without the row number `id`.
  std::vector<Column> const& columns() const noexcept { return columns_; }
  /// Whether the files of the frames are entered, too; a registry that only LSST's middleware has
  /// written does not have them.
  bool has_files() const noexcept { return columns_.size() > of_raw_; }
  /// Position of a column, or none.
  std::optional<std::size_t> find(std::string_view column) const noexcept;

  /// All rows, in the order of the table.
  std::vector<Row> rows() const;

  /// The different values of a column among the rows in which the other columns have these values;
  /// no more than two.
  std::vector<Value> values(std::string const& column,
                            std::vector<std::pair<std::string, Value>> const& where) const;

 private:
  void add_columns(SQLite::Database& database, std::string const& table);
  std::string sql_of(std::string const& column) const;

  ReadConnection connection_;
  std::string from_;        // the tables, joined
  std::size_t of_raw_ = 0;  // so many columns are of the table of raw frames itself
  std::vector<Column> columns_;
};

}  // namespace almagest

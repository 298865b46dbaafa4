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
/// own.
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

  /// Without the row number `id`.
  std::vector<Column> const& columns() const noexcept { return columns_; }
  /// Position of a column, or none.
  std::optional<std::size_t> find(std::string_view column) const noexcept;

  /// All rows, in the order of the table.
  std::vector<Row> rows() const;

  /// The different values of a column among the rows in which the other columns have these values;
  /// no more than two.
  std::vector<Value> values(std::string const& column,
                            std::vector<std::pair<std::string, Value>> const& where) const;

 private:
  ReadConnection connection_;
  std::string table_;
  std::vector<Column> columns_;
};

}  // namespace almagest

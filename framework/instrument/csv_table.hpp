#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/error.hpp"

namespace almagest {

/// A table of an obs package: comma-separated values under a line with the columns' names. No
/// quotes; empty lines and lines that begin with '#' are left out.
class CsvTable {
 public:
  /// \throws NotFoundError when there is no such file; ConfigError at file:line for a row of
  /// another width, or a name that stands twice
  explicit CsvTable(std::filesystem::path const& path);

  std::vector<std::string> const& columns() const noexcept { return columns_; }
  std::size_t rows() const noexcept { return rows_.size(); }
  /// The column of that name, or none.
  std::optional<std::size_t> find(std::string_view column) const noexcept;

  std::string const& text(std::size_t row, std::size_t column) const {
    return rows_[row].cells[column];
  }
  /// NaN for an empty cell. \throws ConfigError at file:line when it is no number
  double number(std::size_t row, std::size_t column) const;
  /// \throws ConfigError at file:line when it is no integer
  int integer(std::size_t row, std::size_t column) const;
  Where where(std::size_t row) const { return {path_.string(), rows_[row].line, 0}; }
  std::filesystem::path const& path() const noexcept { return path_; }

 private:
  struct Row {
    unsigned line = 0;
    std::vector<std::string> cells;
  };
  std::filesystem::path path_;
  std::vector<std::string> columns_;
  std::vector<Row> rows_;
};

}  // namespace almagest

#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace almagest {

/// A calibration as a text: comma-separated values under a line with the columns' names, or
/// astropy's ECSV, whose header has `KEY: value` pairs, too.
class TextTable {
 public:
  /// \throws NotFoundError when there is no such file; DataError at file:line for a row of another
  /// width, an open quote, or a name that stands twice
  explicit TextTable(std::filesystem::path const& path);

  std::size_t rows() const noexcept { return rows_.size(); }
  std::vector<std::string> const& columns() const noexcept { return columns_; }
  std::optional<std::size_t> find(std::string_view column) const noexcept;
  /// The first of these columns that is there.
  std::optional<std::size_t> find_any(std::vector<std::string> const& columns) const noexcept;
  /// \throws DataError with the columns that there are
  std::size_t require(std::string_view column) const;
  std::string const& text(std::size_t row, std::size_t column) const {
    return rows_[row].cells[column];
  }
  /// \throws DataError at file:line
  double number(std::size_t row, std::size_t column) const;
  /// `KEY: value` of an ECSV's header, or "".
  std::string meta(std::string const& key) const;

 private:
  struct Row {
    unsigned line = 0;
    std::vector<std::string> cells;
  };
  void read_comment(std::string_view line);
  void add_line(std::string_view line, unsigned number);
  std::vector<std::string> cells_of(std::string_view line, unsigned number) const;
  [[noreturn]] void refuse(unsigned line, std::string const& what) const;

  std::string name_;
  char delimiter_ = ',';
  std::vector<std::string> columns_;
  std::vector<Row> rows_;
  std::map<std::string, std::string> meta_;
};

/// Whether a file begins as FITS files do, gzip'd or not. \throws NotFoundError
bool looks_like_fits(std::filesystem::path const& path);

}  // namespace almagest

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace almagest {

/// A column of a table that is read row by row.
struct InputColumn {
  std::string name;
  std::string unit;  ///< "" when the file does not tell
};

/// The rows of a catalogue's file, one after the other: memory does not grow with the file.
class RowSource {
 public:
  /// A FITS file's first binary table, or comma-separated values under a line with the columns'
  /// names.
  /// \throws NotFoundError, DataError naming the file
  static std::unique_ptr<RowSource> open(std::filesystem::path const& path);
  virtual ~RowSource();

  virtual std::vector<InputColumn> const& columns() const = 0;
  /// Only these columns are read, in this order. \throws DataError for one that has no numbers
  virtual void choose(std::vector<std::size_t> const& columns) = 0;
  /// Reads the next row: numbers as doubles (NaN for an empty cell), and the first chosen column
  /// also as an integer, which a double may not hold.
  /// \returns false at the end. \throws DataError at file and row
  virtual bool next(std::vector<double>& values, std::int64_t& first) = 0;
};

}  // namespace almagest

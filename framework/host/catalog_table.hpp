#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace almagest {

/// A catalogue file as it is: named columns with one value per row.
struct CatalogTable {
  /// Numbers, whole numbers, truth values (0 or 1), or the words of a text file.
  using Values = std::variant<std::vector<double>, std::vector<std::int64_t>,
                              std::vector<std::uint8_t>, std::vector<std::string>>;
  struct Column {
    std::string name;
    std::string unit;  ///< "" where the file tells none
    Values values;
  };
  enum class Kind { fits, csv, words };

  std::string file;  ///< for messages
  Kind kind = Kind::fits;
  std::size_t rows = 0;
  std::vector<Column> columns;
  std::vector<unsigned> lines;  ///< of a text file: where each row stands

  Column const* find(std::string_view name) const noexcept;
  /// "FILE:12" or "FILE: row 11", for messages.
  std::string place(std::size_t row) const;
};

/// Reads a catalogue, whose kind its content tells:
///
/// - FITS: the table SOURCES or LDAC_OBJECTS, or else the first. LSST's bit column becomes one
///   column per flag; columns with several values per row are left out.
/// - CSV with a header line, quotes allowed.
/// - Words separated by blanks below a line `#name name …`, as the LSST stack's demo exports them.
///   A column of nothing but `-` is one that the catalogue does not have.
///
/// \throws NotFoundError when there is no such file; DataError naming file and line
CatalogTable read_catalog_file(std::filesystem::path const& path);

/// A column's values as numbers; "" and "-" are NaN. \throws DataError for a word that is none
std::vector<double> numbers_of(CatalogTable const& table, CatalogTable::Column const& column);
/// As whole numbers; empty when one of the values is none.
std::vector<std::int64_t> integers_of(CatalogTable::Column const& column);
/// As truth values, 0 or 1: numbers other than 0, "True", "true", "T".
std::vector<std::uint8_t> flags_of(CatalogTable const& table, CatalogTable::Column const& column);
std::vector<std::string> words_of(CatalogTable::Column const& column);

}  // namespace almagest

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/fits.hpp"
#include "almagest/header.hpp"

/// How a frame's values are found in SDSS tables, which hold many fields, columns and filters in
/// one file. Every function throws DataError that names the file and what was sought.
namespace obs_sdss {

/// The position of a word in a card that lists words: FILTERS = 'r i u z g', word "u" gives 2.
std::size_t position_in_list(almagest::Header const& header, std::string_view card,
                             std::string const& word);

/// The words of such a card.
std::size_t list_size(almagest::Header const& header, std::string_view card);

/// The row whose column `field` holds the field's number.
/// \param file  for the message
std::size_t row_of_field(almagest::fits::Table const& table, std::int64_t field,
                         std::filesystem::path const& file);

/// A table HDU of a file, counted from 0.
almagest::fits::Table require_table(almagest::fits::Reader& reader, std::size_t hdu,
                                    std::string const& content, std::filesystem::path const& file);

/// One numeric column with a fixed number of values per row.
class Numbers {
 public:
  Numbers(almagest::fits::Table const& table, std::string const& column, std::size_t values_per_row,
          std::filesystem::path const& file);
  double operator()(std::size_t row, std::size_t element = 0) const {
    return values_[row * values_per_row_ + element];
  }

 private:
  std::vector<double> values_;
  std::size_t values_per_row_;
};

/// A value that a frame cannot do without. \returns it when it is neither NaN nor infinite
double require_finite(double value, std::string const& name, std::filesystem::path const& file);
/// The same for one that must be above zero too.
double require_positive(double value, std::string const& name, std::filesystem::path const& file);

}  // namespace obs_sdss

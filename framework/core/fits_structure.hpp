#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/header.hpp"
#include "fits_input.hpp"

namespace almagest::fits {

/// One header-data unit, after its declared sizes were found to agree with each other and with the
/// file.
struct Hdu {
  enum class Kind {
    image,
    table,             ///< binary table
    compressed_image,  ///< tile-compressed: a binary table with ZIMAGE = T
    other,             ///< its size is known, its content is not read: ASCII tables, random groups
  };
  Kind kind = Kind::other;
  Header header;      ///< every card but END, as in the file
  std::string where;  ///< "calexp.fits[2] (MASK)", for messages
  std::string extname;
  int bitpix = 8;
  std::vector<std::int64_t> axes;
  std::int64_t data_offset = 0;
  std::int64_t data_size = 0;    ///< [byte] without the fill of the last block
  std::int64_t stored_size = 0;  ///< with as much of the fill as the file has
  std::uint32_t header_sum = 0;  ///< ones' complement sum of the header's blocks
};

/// Finds the HDUs of a file and checks what each header declares: mandatory cards and their types,
/// sizes without overflow and within the file, caps on cards, axes, columns and HDUs. The fill of
/// the file's last block may be missing.
///
/// \throws DataError naming file and HDU
std::vector<Hdu> read_structure(InputFile& file);

/// Compares a header's CHECKSUM with its bytes, as far as that is possible without the data.
/// \throws DataError
void verify_header(Hdu const& hdu);

/// Compares CHECKSUM and DATASUM with the sum of the data, fill included. \throws DataError
void verify_data(Hdu const& hdu, std::uint32_t data_sum);

/// Columns and rows of an image HDU, plain or compressed; further axes must have length 1.
struct ImageSize {
  int width = 0;
  int height = 0;
};
/// \throws DataError when there are no pixels or more than two axes
ImageSize image_size(Hdu const& hdu, std::vector<std::int64_t> const& axes);

/// \throws DataError "file[hdu] (name): what"
[[noreturn]] void refuse(Hdu const& hdu, std::string const& what);

/// A BITPIX or ZBITPIX card. \throws DataError when it is no pixel type
int bitpix_card(Hdu const& hdu, std::string_view name);

/// An integer card within limits, or what to take when it is absent. \throws DataError
std::int64_t integer_card(Hdu const& hdu, std::string_view name, std::int64_t lowest,
                          std::int64_t highest);
std::int64_t integer_card_or(Hdu const& hdu, std::string_view name, std::int64_t absent,
                             std::int64_t lowest, std::int64_t highest);
/// Empty also when the card is no string.
std::string text_card_or_empty(Header const& header, std::string_view name);

}  // namespace almagest::fits

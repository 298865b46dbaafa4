#pragma once

#include <cstdint>
#include <optional>
#include <type_traits>

#include "almagest/image.hpp"
#include "fits_structure.hpp"

namespace almagest::fits {

/// BITPIX of a pixel type; 16-bit unsigned pixels are stored as signed ones with BZERO = 32768.
template <class T>
constexpr int bitpix_of() {
  constexpr int bits = 8 * static_cast<int>(sizeof(T));
  return std::is_floating_point_v<T> ? -bits : bits;
}

inline constexpr double unsigned_16_offset = 32768.0;

/// The box that is to be read: the whole image, or a part that must lie inside it.
/// \throws DataError
Box box_to_read(Hdu const& hdu, ImageSize size, std::optional<Box> const& box);

/// The pixels of an uncompressed image HDU, scaled by BSCALE and BZERO. BLANK becomes NaN where T
/// has one.
///
/// \param verify  compares the data with their checksum; for a part of the image there is nothing
///                to compare
/// \throws DataError when a value does not fit T, or the checksum is wrong
template <class T>
Image<T> read_plain_image(InputFile& file, Hdu const& hdu, std::optional<Box> box, bool verify);

extern template Image<float> read_plain_image(InputFile&, Hdu const&, std::optional<Box>, bool);
extern template Image<double> read_plain_image(InputFile&, Hdu const&, std::optional<Box>, bool);
extern template Image<std::uint16_t> read_plain_image(InputFile&, Hdu const&, std::optional<Box>,
                                                      bool);
extern template Image<std::int32_t> read_plain_image(InputFile&, Hdu const&, std::optional<Box>,
                                                     bool);
extern template Image<std::uint8_t> read_plain_image(InputFile&, Hdu const&, std::optional<Box>,
                                                     bool);

}  // namespace almagest::fits

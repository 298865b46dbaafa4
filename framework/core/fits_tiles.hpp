#pragma once

#include <optional>
#include <span>

#include "almagest/fits.hpp"
#include "fits_output.hpp"
#include "fits_structure.hpp"

/// Tile-compressed images. Here, and nowhere else, CFITSIO is at work, and it sees memory only: an
/// HDU whose checksum was verified, below a header that we have written anew from the checked
/// cards.
namespace almagest::fits {

/// The axes of the image in a compressed HDU. \throws DataError
std::vector<std::int64_t> compressed_axes(Hdu const& hdu);

/// The header as it would be without compression.
Header uncompressed_header(Hdu const& hdu);

/// \param data  the HDU's data
/// \param box   only these pixels; only the tiles that hold them are decoded
/// \throws DataError naming the HDU
template <class T>
Image<T> read_compressed_image(Hdu const& hdu, std::span<std::byte const> data,
                               std::optional<Box> box);

/// \throws DataError when float pixels are to be Rice-compressed without quantisation
template <class T>
EncodedHdu compress_image(Image<T> const& image, Writer::ImageOptions const& options);

extern template Image<float> read_compressed_image(Hdu const&, std::span<std::byte const>,
                                                   std::optional<Box>);
extern template Image<double> read_compressed_image(Hdu const&, std::span<std::byte const>,
                                                    std::optional<Box>);
extern template Image<std::uint16_t> read_compressed_image(Hdu const&, std::span<std::byte const>,
                                                           std::optional<Box>);
extern template Image<std::int32_t> read_compressed_image(Hdu const&, std::span<std::byte const>,
                                                          std::optional<Box>);
extern template Image<std::uint8_t> read_compressed_image(Hdu const&, std::span<std::byte const>,
                                                          std::optional<Box>);
extern template EncodedHdu compress_image(Image<float> const&, Writer::ImageOptions const&);
extern template EncodedHdu compress_image(Image<double> const&, Writer::ImageOptions const&);
extern template EncodedHdu compress_image(Image<std::uint16_t> const&, Writer::ImageOptions const&);
extern template EncodedHdu compress_image(Image<std::int32_t> const&, Writer::ImageOptions const&);
extern template EncodedHdu compress_image(Image<std::uint8_t> const&, Writer::ImageOptions const&);

}  // namespace almagest::fits

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "almagest/image.hpp"
#include "fits_structure.hpp"

/// Rice-compressed tiles, decoded by ourselves: raw frames come in them, and decoding costs more
/// than anything else that is done to a raw frame.
namespace almagest::fits {

/// Decodes one tile (Pence, White & Seaman 2010, section 2.1; FITS Standard 4.0, section 10.4.1):
/// the first pixel as it is, then blocks of differences between neighbours, each with the number of
/// low bits that are stored as they are; the rest of each difference is in unary.
///
/// \param block   pixels of a block
/// \param bytes_per_pixel  1 (unsigned), 2 or 4, of the pixels that were compressed
/// \returns false when the data end before the tile does; `pixels` is undefined then
bool decode_rice(std::span<std::byte const> data, int block, int bytes_per_pixel,
                 std::span<std::int32_t> pixels) noexcept;

/// The pixels of a Rice-compressed image of integers, scaled; none when the HDU holds anything that
/// is left to the general decoder (other codecs, undefined pixels, tiles stored in another way).
///
/// \param part  within the image; only the tiles that hold it are decoded
/// \throws DataError naming the HDU when a tile is damaged
std::optional<Image<float>> read_rice_image(Hdu const& hdu, std::span<std::byte const> data,
                                            Box const& part);

}  // namespace almagest::fits

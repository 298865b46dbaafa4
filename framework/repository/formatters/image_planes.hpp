#pragma once

#include <optional>
#include <string>

#include "almagest/fits.hpp"
#include "almagest/formatter.hpp"
#include "almagest/mask.hpp"

/// Pixel planes in FITS files. LTV1 and LTV2 (IRAF's; DS9 shows them as physical coordinates) give
/// a plane's place in the parent frame.
namespace almagest {

/// How `[outputs]` wants a plane to be stored: `compression = "none" | "gzip" | "rice"`,
/// `quantize = q`. Float planes that are not quantised are compressed with gzip even where Rice was
/// asked for, which cannot do without.
/// \throws ConfigError for another value
fits::Writer::ImageOptions plane_options(ConfigValue const& options, bool is_float);

/// The cards that place a plane; none for one that begins at (0, 0).
Header origin_cards(Pixel origin);
Pixel origin_of(Header const& header);

/// Writes a plane with cards of its own. \param extname  empty: as the primary HDU
template <class T>
void write_plane(fits::Writer& writer, std::string const& extname, Image<T> const& plane,
                 Header cards, ConfigValue const& options);
extern template void write_plane(fits::Writer&, std::string const&, Image<float> const&, Header,
                                 ConfigValue const&);
extern template void write_plane(fits::Writer&, std::string const&, Image<std::uint16_t> const&,
                                 Header, ConfigValue const&);
extern template void write_plane(fits::Writer&, std::string const&, Image<MaskPixel> const&, Header,
                                 ConfigValue const&);

/// \param box  parent frame; \throws DataError when it is not inside the plane
template <class T>
Image<T> read_plane(fits::Reader& reader, int hdu, std::optional<Box> const& box);
extern template Image<float> read_plane(fits::Reader&, int, std::optional<Box> const&);
extern template Image<std::uint16_t> read_plane(fits::Reader&, int, std::optional<Box> const&);
extern template Image<MaskPixel> read_plane(fits::Reader&, int, std::optional<Box> const&);

/// A mask's pixels with a card MP_<NAME> for each plane, which holds its bit number, as LSST has
/// it. \throws DataError for a plane name that no card can hold
void write_mask(fits::Writer& writer, Mask const& mask, Header cards, ConfigValue const& options);
Mask read_mask(fits::Reader& reader, int hdu, std::optional<Box> const& box);

/// The extensions IMAGE, MASK and VARIANCE. \param cards  repeated in each (the WCS)
/// \param unit  of the image, as FITS writes it
/// \throws DataError when the three have different boxes
void write_masked_image(fits::Writer& writer, MaskedImage const& pixels, Header const& cards,
                        std::string const& unit, ConfigValue const& options);
MaskedImage read_masked_image(fits::Reader& reader, std::optional<Box> const& box);

}  // namespace almagest

#pragma once

#include "almagest/geometry.hpp"
#include "almagest/wcs.hpp"

namespace almagest {

/// The cards of a WCS for an image whose first pixel is `origin` of the parent frame, to which the
/// WCS belongs. LOWPIXn and LOWVALn hold what the 1-based pixels and degrees of FITS lose.
Header wcs_image_cards(Wcs const& wcs, Pixel origin);

/// The same WCS again, bit by bit. \throws DataError as wcs_from_header
Wcs wcs_of_image(Header const& header, Pixel origin);

}  // namespace almagest

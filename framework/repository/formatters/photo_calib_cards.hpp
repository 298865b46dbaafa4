#pragma once

#include <optional>

#include "almagest/header.hpp"
#include "almagest/photo_calib.hpp"

namespace almagest {

/// FLUXMAG0 and FLUXMAG0ERR, as LSST has them.
void set_photo_calib(Header& header, PhotoCalib const& calib);

/// None when the header has no FLUXMAG0.
std::optional<PhotoCalib> photo_calib_of(Header const& header);

}  // namespace almagest

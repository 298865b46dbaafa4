#pragma once

#include "almagest/footprint.hpp"
#include "almagest/geometry.hpp"
#include "almagest/mask.hpp"

namespace measurement {

/// All bits that are set in any pixel of a footprint (its part inside the mask).
almagest::MaskPixel bits_in(almagest::Mask const& mask, almagest::Footprint const& footprint);

/// All bits that are set in any pixel of a box (its part inside the mask).
almagest::MaskPixel bits_in(almagest::Mask const& mask, almagest::Box const& box);

}  // namespace measurement

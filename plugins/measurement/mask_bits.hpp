#pragma once

#include <string>
#include <vector>

#include "almagest/footprint.hpp"
#include "almagest/geometry.hpp"
#include "almagest/mask.hpp"

namespace measurement {

/// All bits that are set in any pixel of a footprint (its part inside the mask).
almagest::MaskPixel bits_in(almagest::Mask const& mask, almagest::Footprint const& footprint);

/// All bits that are set in any pixel of a box (its part inside the mask).
almagest::MaskPixel bits_in(almagest::Mask const& mask, almagest::Box const& box);

/// The bits of the planes that a parameter names.
/// \throws ConfigError for a plane that the mask does not have: that is no source's failure
almagest::MaskPixel bits_of(almagest::Mask const& mask, std::vector<std::string> const& planes);

}  // namespace measurement

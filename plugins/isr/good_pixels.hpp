#pragma once

#include <string>
#include <vector>

#include "almagest/mask.hpp"

namespace isr {

/// The bits of those planes that the mask has.
almagest::MaskPixel known_bits(almagest::Mask const& mask, std::vector<std::string> const& planes);

/// The values of a plane's pixels that are finite and have none of `bad` in the mask.
/// \throws DataError when mask and plane differ in size
std::vector<float> good_values(almagest::Image<float> const& plane, almagest::Mask const& mask,
                               almagest::MaskPixel bad);

}  // namespace isr

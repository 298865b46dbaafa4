#pragma once

#include <cstdint>
#include <vector>

#include "almagest/footprint.hpp"
#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

namespace deblend {

/// A set of pixels as an image: 1 in the pixels that belong to it, else 0.
using Region = almagest::Image<std::uint8_t>;

/// The footprint's pixels inside a box of the parent frame.
Region region_of(almagest::Footprint const& footprint, almagest::Box const& box);

/// The pixels of a box that lie in the footprint or at most `radius` from one of its pixels
/// (centre to centre, dx² + dy² ≤ radius²).
Region dilated_region(almagest::Footprint const& footprint, int radius, almagest::Box const& box);

/// The pixels of a region of which one of the four neighbours does not belong to it.
Region edge_of(Region const& region);

/// The smallest box that holds the region; empty when the region is.
almagest::Box bounds_of(Region const& region);

/// Runs of the region's pixels, in rising order.
std::vector<almagest::Span> spans_of(Region const& region);

}  // namespace deblend

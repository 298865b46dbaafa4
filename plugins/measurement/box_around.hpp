#pragma once

#include <cmath>

#include "almagest/geometry.hpp"

namespace measurement {

/// The box of pixels that reach to a distance from a centre along both axes: ⌊c − r + 0.5⌋ …
/// ⌈c + r − 0.5⌉ (science document, section 4).
inline almagest::Box box_around(almagest::Point centre, double reach) {
  auto const low = [reach](double c) { return static_cast<int>(std::floor(c - reach + 0.5)); };
  auto const high = [reach](double c) { return static_cast<int>(std::ceil(c + reach - 0.5)); };
  return almagest::Box::from_corners(low(centre.x), low(centre.y), high(centre.x), high(centre.y));
}

}  // namespace measurement

#include "almagest/geometry.hpp"

namespace almagest {

double separation(SkyPoint const& a, SkyPoint const& b) noexcept {
  double const sin_dec = std::sin(0.5 * (b.dec - a.dec));
  double const sin_ra = std::sin(0.5 * (b.ra - a.ra));
  double const haversine = sin_dec * sin_dec + std::cos(a.dec) * std::cos(b.dec) * sin_ra * sin_ra;
  return 2.0 * std::asin(std::min(1.0, std::sqrt(haversine)));
}

}  // namespace almagest

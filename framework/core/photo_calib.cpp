#include "almagest/photo_calib.hpp"

#include <cmath>
#include <limits>

namespace almagest {

double PhotoCalib::magnitude(double counts) const noexcept {
  if (!(counts > 0.0)) return std::numeric_limits<double>::quiet_NaN();
  return -2.5 * std::log10(counts / flux_mag0);
}

}  // namespace almagest

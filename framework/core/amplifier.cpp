#include "almagest/amplifier.hpp"

#include <cmath>

namespace almagest {
namespace {

bool same(double a, double b) noexcept {
  return a == b || (std::isnan(a) && std::isnan(b));
}

}  // namespace

ReadCorner flipped(ReadCorner corner, bool flip_x, bool flip_y) noexcept {
  bool right = corner == ReadCorner::lower_right || corner == ReadCorner::upper_right;
  bool upper = corner == ReadCorner::upper_left || corner == ReadCorner::upper_right;
  right ^= flip_x;
  upper ^= flip_y;
  if (upper) return right ? ReadCorner::upper_right : ReadCorner::upper_left;
  return right ? ReadCorner::lower_right : ReadCorner::lower_left;
}

bool Amplifier::operator==(Amplifier const& o) const {
  return name == o.name && box == o.box && raw_data == o.raw_data && raw_prescan == o.raw_prescan &&
         raw_serial_overscan == o.raw_serial_overscan &&
         raw_parallel_overscan == o.raw_parallel_overscan && flip_x == o.flip_x &&
         flip_y == o.flip_y && read_corner == o.read_corner && same(gain, o.gain) &&
         same(read_noise, o.read_noise) && same(saturation, o.saturation) &&
         same(suspect, o.suspect) && linearity == o.linearity && further == o.further;
}

}  // namespace almagest

#include "almagest/detector.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "almagest/error.hpp"

namespace almagest {
namespace {

struct Turn {
  double cos, sin;
  explicit Turn(Detector const& detector) {
    if (!(detector.pixel_mm > 0))
      throw DataError("detector '" + detector.name + "': the size of its pixels is not known");
    // Quarter turns are exact: three detectors out of four stand at one.
    double const quarters = std::round(detector.yaw_deg / 90.0);
    double const rest = (detector.yaw_deg - 90.0 * quarters) * std::numbers::pi / 180.0;
    double const c = std::cos(rest), s = std::sin(rest);
    switch (((static_cast<int>(quarters) % 4) + 4) % 4) {
      case 0:
        cos = c, sin = s;
        break;
      case 1:
        cos = -s, sin = c;
        break;
      case 2:
        cos = -c, sin = -s;
        break;
      default:
        cos = s, sin = -c;
        break;
    }
  }
};

}  // namespace

Amplifier const* Detector::find_amplifier(std::string const& amplifier_name) const noexcept {
  auto const found = std::ranges::find(amplifiers, amplifier_name, &Amplifier::name);
  return found == amplifiers.end() ? nullptr : &*found;
}

Point focal_plane_position(Detector const& detector, Point pixel) {
  Turn const turn(detector);
  double const x = (pixel.x - detector.reference_pixel.x) * detector.pixel_mm;
  double const y = (pixel.y - detector.reference_pixel.y) * detector.pixel_mm;
  return {detector.position_mm.x + turn.cos * x - turn.sin * y,
          detector.position_mm.y + turn.sin * x + turn.cos * y};
}

Point pixel_position(Detector const& detector, Point focal_plane_mm) {
  Turn const turn(detector);
  double const x = focal_plane_mm.x - detector.position_mm.x;
  double const y = focal_plane_mm.y - detector.position_mm.y;
  return {detector.reference_pixel.x + (turn.cos * x + turn.sin * y) / detector.pixel_mm,
          detector.reference_pixel.y + (-turn.sin * x + turn.cos * y) / detector.pixel_mm};
}

}  // namespace almagest

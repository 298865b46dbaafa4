#pragma once

#include <string>
#include <vector>

#include "almagest/amplifier.hpp"
#include "almagest/geometry.hpp"

namespace almagest {

/// One CCD of a camera: its pixels, its amplifiers and its place in the focal plane.
///
/// Focal plane [mm]: a pixel's distance from `reference_pixel`, times `pixel_mm`, turned by
/// `yaw_deg` counter-clockwise, and moved by `position_mm`.
struct Detector {
  std::string name;
  int id = 0;
  Box box;                       ///< data pixels of an assembled frame
  std::string type = "science";  ///< science, focus, guider, wavefront
  std::string serial{};          ///< of the chip; "" = not known
  std::string vendor{};          ///< kind of chip, where a camera has several: "e2v", "itl"
  Point position_mm{};           ///< of the reference pixel in the focal plane
  Point reference_pixel{};       ///< usually the box's centre
  double yaw_deg = 0.0;
  double pixel_mm = 0.0;                ///< side of a pixel; 0 = not known
  std::vector<Amplifier> amplifiers{};  ///< empty for cameras whose frames come assembled

  /// \returns the amplifier, or nullptr
  Amplifier const* find_amplifier(std::string const& amplifier_name) const noexcept;
  bool operator==(Detector const&) const = default;
};

/// Place in the focal plane [mm] of a pixel position, and back. \throws DataError when the
/// detector's pixel size is not known
Point focal_plane_position(Detector const& detector, Point pixel);
Point pixel_position(Detector const& detector, Point focal_plane_mm);

}  // namespace almagest

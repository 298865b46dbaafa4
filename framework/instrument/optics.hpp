#pragma once

#include <memory>
#include <vector>

#include "almagest/config_value.hpp"
#include "almagest/geometry.hpp"

namespace almagest {

/// From the focal plane [mm] to field angles [rad], and back.
class Distortion {
 public:
  virtual ~Distortion();
  virtual Point field_angle(Point focal_plane_mm) const = 0;
  /// \throws DataError where the distortion cannot be inverted
  virtual Point focal_plane(Point field_angle) const = 0;
};

/// What `[optics]` of camera.toml says.
///
///     [optics]
///     plate_scale = 20.00587                                # arcsec/mm
///     radial      = [0, 1, 0, -8.337e-9, 0, -1.414e-15]     # r' = sum c_i r^i, r in mm
///     polynomial  = { table = "distortion.csv", unit_mm = 0.015, scale = 0.168 }   # instead
///     flip_x      = true                                    # the sky is seen mirrored
///     rotation    = { sign = -1, offset = 90 }              # of boresight_rotation_angle [deg]
///
/// The table of a polynomial has columns power_x, power_y, x, y: field angles are sums of
/// coefficient · (X/unit_mm)^power_x (Y/unit_mm)^power_y, in units of `scale` arcsec.
struct Optics {
  std::shared_ptr<Distortion const> distortion;  ///< nullptr: the plate scale is not known
  double rotation_sign = 1.0;
  double rotation_offset_deg = 0.0;
};

/// \param document  camera.toml: `[optics]`, or `plate_scale` [arcsec/pixel] of `[camera]`
/// \param pixel_mm  side of the detectors' pixels, for the latter
Optics read_optics(ConfigValue const& document, double pixel_mm, Problems& problems);

/// r' = scale · Σ c_i r^i in the direction of the point. \param scale  [rad/mm]
std::shared_ptr<Distortion const> radial_distortion(std::vector<double> coefficients, double scale,
                                                    bool flip_x);

/// One term of a polynomial distortion.
struct DistortionTerm {
  int power_x = 0;
  int power_y = 0;
  double x = 0.0;  ///< coefficients of the two field angles
  double y = 0.0;
};
/// \param unit_mm  of the polynomial's variables; \param scale  [rad] of its values
std::shared_ptr<Distortion const> polynomial_distortion(std::vector<DistortionTerm> const& terms,
                                                        double unit_mm, double scale, bool flip_x);

}  // namespace almagest

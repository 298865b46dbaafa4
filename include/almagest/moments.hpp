#pragma once

#include <cmath>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

namespace almagest {

/// Second moments of a light distribution [pixel²].
struct Quadrupole {
  double xx = 0.0;
  double yy = 0.0;
  double xy = 0.0;
  double determinant() const noexcept { return xx * yy - xy * xy; }
  /// The radius of the circle with the same area, det^{1/4} [pixel].
  double determinant_radius() const noexcept { return std::pow(determinant(), 0.25); }
  /// √((xx + yy)/2) [pixel].
  double trace_radius() const noexcept { return std::sqrt(0.5 * (xx + yy)); }
};

/// Adaptive Gaussian moments of a noiseless stamp (Bernstein & Jarvis 2002; science document
/// section 4, SdssShape, without errors): the Gaussian weight that matches the object's own size.
///
/// \param image   a PSF stamp
/// \param centre  parent frame
/// \throws MeasurementError when the iteration does not converge
Quadrupole adaptive_moments(Image<double> const& image, Point centre);

}  // namespace almagest

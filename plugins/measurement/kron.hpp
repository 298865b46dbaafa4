#pragma once

#include <optional>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/moments.hpp"

/// Fluxes in ellipses whose size follows the source's light (Kron 1980, ApJS 43, 305).
namespace measurement {

struct KronRadius {
  /// [pixel]; nothing when Q is no ellipse, the light has no positive moment, or ⟨r⟩ lies beyond
  /// where light was followed, which happens where negative pixels cancel nearly all of it
  std::optional<double> radius;
  bool bad_pixels = false;  ///< pixels that are not finite were left out
};

/// The first moment of a source's light, ⟨r⟩ √(b/a) with ⟨r⟩ = Σrd/Σd, where r is the distance
/// along the major axis of the ellipse through a pixel, and a ≥ b are the semi-axes of moments Q
/// (science document, section 4): √(π/2) √(ab) for a Gaussian of these moments.
///
/// \param reach       the light is followed to this distance [σ]
/// \param max_radius  and no further along x and y [pixel]
KronRadius kron_radius(almagest::Image<float> const& image, almagest::Point centre,
                       almagest::Quadrupole const& moments, double reach, double max_radius);

struct EllipseFlux {
  double flux = 0.0;        ///< [counts]
  double error = 0.0;       ///< standard deviation [counts]
  bool truncated = false;   ///< the ellipse leaves the image: flux and error are NaN
  bool bad_pixels = false;  ///< pixels that are not finite were left out
};

/// Flux in the ellipse with the shape of moments Q and the area π radius²; a pixel that the
/// ellipse's edge may cross counts by how many of its 5 × 5 parts have their centres inside.
///
/// \param radius  [pixel], positive
EllipseFlux ellipse_flux(almagest::Image<float> const& image,
                         almagest::Image<float> const& variance, almagest::Point centre,
                         almagest::Quadrupole const& moments, double radius);

}  // namespace measurement

#pragma once

#include <span>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

#include "sinc_aperture.hpp"

namespace measurement {

struct ApertureFluxResult {
  double flux;               ///< [counts]
  double error;              ///< standard deviation [counts]
  bool truncated = false;    ///< the circle leaves the image: flux and error are NaN
  bool weights_cut = false;  ///< weights outside the circle were cut by the image's side
  bool bad_pixels = false;   ///< pixels that are not finite were left out
};

/// Flux in a circle with the exact weights of sinc_aperture(): Σcd, with error √(Σc²v).
///
/// \param weights  of a circle of this radius around (0, 0)
/// \param centre   parent frame; \param radius [pixel]
ApertureFluxResult sinc_aperture_flux(almagest::Image<float> const& image,
                                      almagest::Image<float> const& variance,
                                      almagest::Image<float> const& weights, almagest::Point centre,
                                      double radius, ApertureBorder border);

/// Fluxes of the pixels whose centres lie in circles around one centre; for large radii, where
/// nothing is gained by weights.
///
/// \param radii    rising [pixel]; \param results  one per radius
void plain_aperture_fluxes(almagest::Image<float> const& image,
                           almagest::Image<float> const& variance, almagest::Point centre,
                           std::span<double const> radii, std::span<ApertureFluxResult> results);

}  // namespace measurement

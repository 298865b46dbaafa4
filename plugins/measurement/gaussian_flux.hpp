#pragma once

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/moments.hpp"

namespace measurement {

struct GaussianFluxResult {
  double flux;              ///< [counts], NaN when the moments allow none
  double error;             ///< standard deviation [counts]
  bool bad_pixels = false;  ///< pixels that are not finite counted as 0, or v is not finite
};

/// Where the LSST stack departs from the formulas.
struct GaussianFluxQuirks {
  bool sum_subpixels = false;    ///< places in a pixel are added, not averaged
  bool truncate_centre = false;  ///< v is taken at the truncated centre, not at the nearest pixel
};

/// Flux of a source under an elliptical Gaussian of fixed moments Q: 2 Σ wI, with error
/// 2 √(v π √det Q) (science document section 4 "GaussianFlux", item 13 of section 10).
///
/// With Q not a number or det Q ≤ 1.19e-7 both are NaN; with det Q > 2^23 the flux is NaN and the
/// error is not.
/// \param variance  v is its value at the centre's pixel
/// \param centre    parent frame, inside the image
GaussianFluxResult gaussian_flux(almagest::Image<float> const& image,
                                 almagest::Image<float> const& variance, almagest::Point centre,
                                 almagest::Quadrupole const& moments,
                                 GaussianFluxQuirks const& quirks = {});

}  // namespace measurement

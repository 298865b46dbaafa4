#pragma once

#include "almagest/image.hpp"

namespace measurement {

struct PsfFluxResult {
  double flux;      ///< [counts]; NaN without a usable pixel
  double error;     ///< standard deviation [counts]
  double area;      ///< effective area of the PSF, Σψ/Σψ² [pixel²]
  bool edge;        ///< the stamp is cut by the image's side
  bool bad_pixels;  ///< pixels that are not finite were left out
};

/// Flux of the PSF that fits a source best with equal weights: Σψd/Σψ², with error √(Σψ²v)/Σψ²
/// (science document, section 4 "PsfFlux").
///
/// \param variance  of the same box as the image
/// \param stamp     the PSF at the source, parent frame; what lies outside the image is left out of
///                  all sums
PsfFluxResult psf_flux(almagest::Image<float> const& image, almagest::Image<float> const& variance,
                       almagest::Image<double> const& stamp);

}  // namespace measurement

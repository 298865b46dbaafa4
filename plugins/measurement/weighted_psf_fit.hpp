#pragma once

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/mask.hpp"

namespace measurement {

/// How far from its start a fit may look for the star, along x or y [pixel].
constexpr double max_psf_shift = 2.5;

enum class PsfFitProblem {
  none,
  no_good_pixels,  ///< less than half of the PSF's light, or no more than three of its pixels (the
                   ///< fit has three unknowns), can be used
  no_convergence   ///< no place near the start fits best: position and flux are those of the start
};

struct PsfFitResult {
  PsfFitProblem problem;
  double flux, flux_error;   ///< [counts]; NaN without good pixels
  almagest::Point position;  ///< parent frame [pixel]
  double x_error, y_error;   ///< [pixel]; NaN where the position was not fitted
  double chi2;               ///< per degree of freedom; NaN where the position was not fitted
  bool edge;                 ///< the image's side cuts the PSF
  bool left_out;             ///< bad pixels were left out
};

/// Flux and position of a star by maximum likelihood: the PSF, at a place and of a flux that are
/// fitted together, each pixel weighted by the noise that the model itself predicts.
///
/// Weights are 1/(a + b ψ), sky and the star's own light, with a and b fitted to the variance under
/// the star: the variance of single pixels knows their noise, and would bias the flux. Gauss-Newton
/// steps solve d = q₀ψ + q₁∂ψ/∂x + q₂∂ψ/∂y for the flux q₀ and the step (q₁, q₂)/q₀. The PSF is
/// moved by SincTaps. Errors are those of this weighted fit when pixels have the variance that the
/// image says: (AᵀWA)⁻¹ AᵀWVWA (AᵀWA)⁻¹, which is the inverse of the Fisher matrix, hence the
/// Cramér-Rao bound, where no neighbour's light adds noise.
///
/// A free position follows the noise to where there seems to be more light. That makes the flux of
/// such a fit too bright by κσ²/F, to first order, which is subtracted: κ = a Σ w²ψ'² / Σ w ψ'²,
/// the mean of both coordinates, is 1 where the sky is all the noise (0.25 % at S/N 20) and falls
/// to 0 where there is none, as the flux is then the sum of the light, wherever it stands.
///
/// \param variance, mask  of the same box as the image
/// \param ignore     pixels with one of these bits are left out, as are those that are not finite
///                   or have no positive variance
/// \param kernel     the PSF centred on (0, 0), of a square box
/// \param start      within 0.5 pixel or so of the star
/// \param max_shift  the fit has failed when it leaves the start by more, along x or y; from 0
///                   to max_psf_shift [pixel]
/// \throws ConfigError when max_shift is out of its range
/// \throws MeasurementError when the kernel is dark, not square, or not centred; or the start is
/// not finite
PsfFitResult psf_fit(almagest::Image<float> const& image, almagest::Image<float> const& variance,
                     almagest::Mask const& mask, almagest::MaskPixel ignore,
                     almagest::Image<double> const& kernel, almagest::Point start,
                     double max_shift);

}  // namespace measurement

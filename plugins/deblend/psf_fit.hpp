#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/mask.hpp"
#include "almagest/psf.hpp"

#include "local_fit.hpp"
#include "region.hpp"

namespace deblend {

struct PsfFitOptions {
  double fwhm = 0.0;           ///< of the PSF [pixel]
  double chi_squared = 1.5;    ///< a star's is smaller, per degree of freedom
  bool fit_positions = true;   ///< false: stars stand on their peaks, or at one trial shift from it
  bool reverse_shift = false;  ///< the trial shift goes to the wrong side of the peak
  bool refuse_empty_terms = false;  ///< no star where a neighbour's PSF does not reach the pixels
};

/// A star: the PSF times a flux.
struct PsfModel {
  almagest::Point centre;
  double flux = 0.0;  ///< [adu]
};

/// Moves each peak to where a star would fit best, given the others; their stamps with them.
///
/// Goes through the peaks several times and moves each by what the PSF's derivatives tell. One that
/// gets more than 0.6 FWHM away from its peak is no star there: it goes back for good.
void fit_positions(std::span<PeakPsf> peaks, almagest::MaskedImage const& pixels,
                   Region const& footprint, almagest::Psf const& psf, PsfFitOptions const& options);

/// Tells whether a peak looks like a star.
///
/// Fits the PSF at the peak's position. Unless positions have been fitted before, the PSF's
/// derivatives are fitted too, and, if they tell of a shift below a pixel, the PSF there. A fit is
/// good when its chi-squared per degree of freedom is below the limit; at a fitted position it must
/// have light, too.
///
/// \param pixels     image and variance
/// \param footprint  the blend's pixels, in its box
/// \param peaks      all of the blend; \param index the one that is tested
/// \returns the better of the good fits, or nothing
std::optional<PsfModel> fit_psf(almagest::MaskedImage const& pixels, Region const& footprint,
                                std::span<PeakPsf const> peaks, std::size_t index,
                                almagest::Psf const& psf, PsfFitOptions const& options);

}  // namespace deblend

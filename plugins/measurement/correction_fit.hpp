#pragma once

#include <cstddef>
#include <span>

#include "almagest/chebyshev.hpp"

namespace measurement {

struct CorrectionFitOptions {
  int order = 3;               ///< lowered until there is at least one star more than terms
  bool cross_validate = true;  ///< take the order up to this one that predicts best
  double clip = 3.0;           ///< stars this many times the rms residual off the fit are dropped
  int clip_passes = 4;         ///< each a fit and a clip; one fit follows
};

/// A ratio of fluxes as a smooth function of the position.
struct CorrectionFit {
  almagest::Chebyshev2 field;
  double mean = 0.0;     ///< of the field at the stars used
  double scatter = 0.0;  ///< rms of their residuals
  std::size_t used = 0;  ///< stars left after clipping
};

/// Fits the ratios of stars, unweighted, with a triangular Chebyshev series, and clips residuals
/// about zero (science document, section 2.4 and item 3 of section 10).
///
/// With `cross_validate`, the order is the one with the least mean absolute error for a star that
/// is left out of the fit: as much structure as the stars can tell from noise, and no more. Up to
/// 60 stars are left out one at a time; of more, every 60th together, so that the time grows with
/// the stars and not with their square. The order is chosen from all stars and, when some are
/// clipped, once more from those that are left; if it is another, all stars are fitted and clipped
/// anew.
///
/// Where the stars' positions do not determine the terms (three on one line), the order is lowered
/// too. One star gives a constant.
/// \param box    over which the series runs: the image's
/// \param stars  position [pixel] and ratio, all finite; weights are not looked at
/// \throws DataError without stars
CorrectionFit fit_correction(almagest::Box box, std::span<almagest::Chebyshev2::Sample const> stars,
                             CorrectionFitOptions const& options);

}  // namespace measurement

#pragma once

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

namespace measurement {

/// Why a centroid could not be measured.
enum class CentroidProblem {
  none,
  edge,                         ///< the stamp leaves the image
  no_second_derivative,         ///< the smoothed image is flat
  almost_no_second_derivative,  ///< nearly flat: the vertex is more than 10 pixels off
  not_at_maximum                ///< the pixel is no maximum of the smoothed image
};

struct PeakCentroid {
  almagest::Point position;  ///< parent frame; the start's pixel when there is a problem
  double x_error;            ///< standard deviation [pixel]; NaN when there is a problem
  double y_error;
  double bad_share = 0.0;  ///< how much of the kernel falls on pixels that are not finite, 0 … 1
  CentroidProblem problem = CentroidProblem::none;
};

/// Centroid from the peak of the image smoothed with its PSF (Pier et al. 2003, section 5.2;
/// science document section 4 "SdssCentroid", items 8 and 9 of section 10).
///
/// Three quartic maxima along x and three along y around the peak pixel are joined by two
/// parabolas. A source wider than the PSF is binned, 2, 4, 8, 16 pixels to one, until it looks
/// narrow. Pixels that are not finite count as 0.
///
/// \param variance   of the same box
/// \param start      the pixel of the peak, parent frame
/// \param kernel     the PSF there, centred on (0, 0)
/// \param psf_sigma  its width, det^(1/4) of the adaptive moments [pixel]
/// \param inflate_binned_errors  takes the variance of a pixel for that of a binned one, as the
///                   LSST stack does (item 8 of section 10): errors are too large by the bin's side
PeakCentroid peak_centroid(almagest::Image<float> const& image,
                           almagest::Image<float> const& variance, almagest::Pixel start,
                           almagest::Image<double> const& kernel, double psf_sigma,
                           bool inflate_binned_errors = false);

}  // namespace measurement

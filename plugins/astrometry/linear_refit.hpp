#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "almagest/wcs.hpp"

namespace astrometry {

/// What of a WCS is fitted; the rest of its distortion is kept.
struct LinearModel {
  /// Reference direction and the whole CD matrix, 6 numbers; otherwise direction, rotation and
  /// scale, 4 numbers.
  bool affine = true;
  /// Highest power of the row: 2 and more add displacements c·(y − CRPIX2)^k to an affine fit. In a
  /// drift scan the row is time, and what the air does to the stars meanwhile depends on it alone.
  int row_order = 1;
};

/// Least-squares fit of CRVAL, CD and, for the powers of the row, SIP coefficients to control
/// points; CRPIX and all other coefficients are kept.
///
/// The tangent point moves with the fit until the points' mean offset from it is zero, so that the
/// result is exact: nothing is composed or approximated. CRVAL is rounded to 1e-9 degrees, which
/// cards keep. The reverse polynomials stay what they were: see with_reverse().
///
/// \throws MeasurementError when the points do not determine the model: too few, or on a line
almagest::Wcs refit_linear(almagest::Wcs const& wcs,
                           std::span<almagest::WcsControlPoint const> points,
                           LinearModel const& model);

/// The same WCS with reverse polynomials made for it over a box. Up to SIP order 6 it is fitted
/// anew on a grid, to 0.01 mas; beyond that the reverse polynomials are left out.
almagest::Wcs with_reverse(almagest::Wcs const& wcs, almagest::Box const& box);

/// How far from the control points a WCS is.
struct Residuals {
  double ra_offset = 0.0;    ///< median of WCS − control point along right ascension, true arc
  double dec_offset = 0.0;   ///< [arcsec]
  double ra_scatter = 0.0;   ///< root mean square about zero [arcsec]
  double dec_scatter = 0.0;  ///< [arcsec]
};
Residuals residuals(almagest::Wcs const& wcs, std::span<almagest::WcsControlPoint const> points);

/// Which of the points are no outliers: those whose distance, in units of what their weight
/// promises, is at most `clip` times its typical value (from the median, per axis).
std::vector<bool> within_clip(almagest::Wcs const& wcs,
                              std::span<almagest::WcsControlPoint const> points, double clip);

/// The typical distance per axis [arcsec]: of a Gaussian scatter its standard deviation, from the
/// median. Zero for no points.
double typical_distance(almagest::Wcs const& wcs,
                        std::span<almagest::WcsControlPoint const> points);

/// The rotation [rad] and relative change of scale from one WCS to another at a pixel.
struct Change {
  double rotation = 0.0;
  double scale = 0.0;  ///< new/old − 1
  double shift = 0.0;  ///< [arcsec]
};
Change change(almagest::Wcs const& from, almagest::Wcs const& to, almagest::Point pixel);

/// A plane that touches the sky at a direction: x east, y north [arcsec].
almagest::Wcs tangent_plane(almagest::SkyPoint at);

}  // namespace astrometry

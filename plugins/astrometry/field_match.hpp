#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "almagest/reference_catalog.hpp"
#include "almagest/wcs.hpp"

#include "neighbours.hpp"
#include "pattern.hpp"

namespace astrometry {

/// A source as the matcher sees it.
struct Star {
  almagest::Point pixel;  ///< centroid, parent frame
  double error = 0.0;     ///< of the centroid, per axis [pixel]; NaN = not known
  double flux = 0.0;      ///< any unit: only the order counts
  bool good = false;      ///< finds the field and takes part in the fit
};

struct FieldMatchOptions {
  PatternLimits limits;
  std::size_t brightest = 200;     ///< of either list that find the pattern
  double clip = 3.0;               ///< outliers of the fit, in units of the typical distance
  double systematic_error = 0.02;  ///< of each star, added to the known errors [arcsec]
  double radius_sigmas = 5.0;      ///< radius of the final match, in units of the scatter
  double smallest_radius = 0.25;   ///< … but at least this [arcsec]
  int row_order = 1;               ///< of the linear fit: LinearModel
  int sip_order = 0;               ///< > 1: the last fit is a TAN-SIP of at most this order
};

/// Sources and the reference objects that they are, and the WCS that joins them best.
struct FieldMatch {
  Pattern pattern;
  almagest::Wcs wcs;                   ///< fitted to the pairs
  std::vector<IndexPair> pairs{};      ///< of all stars, by rising index
  std::vector<bool> fitted{};          ///< per pair: used in the last fit
  double radius = 0.0;                 ///< within which the pairs were made [arcsec]
  double scatter = 0.0;                ///< typical distance per axis of the good pairs [arcsec]
  std::string model{};                 ///< of the last fit: "affine", "TAN-SIP of order 3" …
  std::size_t numbers = 0;             ///< that it has
  bool distorted = false;              ///< it is a TAN-SIP
  bool converged = false;              ///< pairs and fit agree with each other
  std::vector<std::string> remarks{};  ///< why it is not the model asked for
};

/// Finds the field: pattern, fit, match again, until the pairs no longer change.
///
/// The pattern comes from the bright good stars. The pairs are mutual nearest neighbours of all
/// stars under the fitted WCS, within a radius that follows from the scatter of the good ones. The
/// fit depends on the pairs alone, so neither they nor the WCS remember how far off the first WCS
/// was.
///
/// A model gets two stars for each number that it has, or a simpler one is fitted: a TAN-SIP of a
/// lower order, an affine fit, a similarity. So does one under which a tenth of the affine fit's
/// stars are no longer found.
///
/// \param reserved  per reference object: whether it is left out of the fit, which it may then judge
/// \param frame     the image's pixels
/// \throws MeasurementError when no pattern is found, or the pairs do not determine the fit
FieldMatch match_field(std::span<Star const> stars,
                       std::span<almagest::ReferenceObject const> references,
                       std::vector<bool> const& reserved, almagest::Wcs const& wcs,
                       almagest::Box const& frame, FieldMatchOptions const& options);

/// Pairs as points of a WCS fit, weighted with the errors of both.
almagest::WcsControlPoint control_point(Star const& star,
                                        almagest::ReferenceObject const& reference,
                                        almagest::Wcs const& wcs, double systematic_error);

}  // namespace astrometry

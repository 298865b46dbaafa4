#pragma once

#include <span>

#include "clipped_median.hpp"

namespace photometry {

/// How much values may scatter beyond their errors.
struct ExcessLimits {
  double smallest = 0.01;  ///< taken for granted, so that no small error rules
  double largest = 0.25;   ///< what lies further off than this explains is an outlier
};

/// The median of values whose errors are known, without those beyond 3 times their own error.
///
/// A value's error is its own and the excess scatter that all values share, in quadrature. The
/// excess is what makes the median of (distance/error)² that of a Gaussian scatter, 0.455, within
/// the limits. Each value weighs 1/error, which makes the median of a Gaussian scatter most
/// certain: its variance is then (π/2)/Σ error⁻², times χ² per degree of freedom, because errors
/// may be stated too large as well. Medians, excess and clipping follow each other until the same
/// values are kept, 20 times at most.
///
/// \param errors  of the values, each ≥ 0
/// \throws MeasurementError for no values
ClippedMedian median_within_errors(std::span<double const> values, std::span<double const> errors,
                                   ExcessLimits const& limits);

}  // namespace photometry

#pragma once

#include <span>

#include "clipped_median.hpp"

namespace photometry {

/// Where a histogram of 20 bins peaks, and the standard deviation that the width of the peak at
/// half its height stands for (science document, section 2.7). Bins of equal height beside each
/// other are one peak; of several peaks none is believed, and the median and quartiles are taken.
struct Mode {
  double value = 0.0;
  double sigma = 0.0;
};
Mode histogram_mode(std::span<double const> values);

/// The mode, then up to 20 passes of median and scatter of what lies within 3·min(sigma,
/// largest_sigma) (science document, section 2.7). The rule of the LSST stack: where errors differ
/// it keeps the values with small ones and leaves out good ones with larger ones.
/// \throws MeasurementError for no values
ClippedMedian median_within_scatter(std::span<double const> values, double largest_sigma);

}  // namespace photometry

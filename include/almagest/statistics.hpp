#pragma once

#include <cstdint>
#include <span>

#include "almagest/image.hpp"
#include "almagest/mask.hpp"

namespace almagest {

/// Mean and scatter of values after clipping (science document, conventions).
struct ClippedStatistics {
  double mean = 0.0;
  double scatter = 0.0;     ///< standard deviation, n − 1
  double mean_error = 0.0;  ///< scatter/√n
  std::int64_t count = 0;   ///< values kept in the last pass
};

/// Three passes of clipping at 3σ around the median, starting from the interquartile range.
///
/// Quartiles by linear interpolation at rank f(n − 1); the first half-width is 3 ·
/// 0.741301109252802 · (q75 − q25). \param values  used as working space and left in another order
/// \throws MeasurementError when there is no value
ClippedStatistics clipped_statistics(std::span<float> values);

/// The same over the pixels of `box` whose mask has none of `bad` and which are not NaN.
ClippedStatistics clipped_statistics(Image<float> const& image, Mask const& mask, MaskPixel bad,
                                     Box const& box);

/// The value at rank f(n − 1), linearly interpolated. \param values working space. \throws
/// MeasurementError when empty
double quantile(std::span<float> values, double f);
double quantile(std::span<double> values, double f);

}  // namespace almagest

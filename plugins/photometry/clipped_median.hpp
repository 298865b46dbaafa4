#pragma once

#include <cstddef>
#include <vector>

namespace photometry {

/// A typical value that outliers on one side do not move.
struct ClippedMedian {
  double value = 0.0;
  double error = 0.0;        ///< of the value: what a Gaussian scatter of the kept ones gives
  double sigma = 0.0;        ///< 0.7413 × interquartile range of what was kept
  double excess = 0.0;       ///< the part of it that the values' own errors do not explain
  std::vector<bool> kept{};  ///< per value
  std::size_t count = 0;     ///< values kept
};

// As the stack rounds 1/1.349, the standard deviation of a Gaussian over its interquartile range.
inline constexpr double sigma_per_iqr = 0.7413;

}  // namespace photometry

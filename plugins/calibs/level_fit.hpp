#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace calibs {

/// A frame's mean level, as a detector's factor times an exposure's.
struct LevelSample {
  std::size_t detector, exposure;  ///< counted from 0, without gaps
  double level;                    ///< positive
};

struct LevelFit {
  std::vector<double> detectors;  ///< G_d, whose mean is 1
  std::vector<double> exposures;  ///< E_e, in the unit of the levels
  double scatter = 0.0;           ///< rms of log(level/(G·E))
};

/// Fits log m = log G_d + log E_e by turns (ISR document 4.3): each E as the mean over its
/// detectors, each G as the mean over its exposures, `iterations` times. Where every detector saw
/// every exposure the first round is exact.
///
/// \throws DataError when a level is not positive
LevelFit fit_levels(std::span<LevelSample const> samples, int iterations);

}  // namespace calibs

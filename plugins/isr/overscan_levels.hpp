#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "almagest/raw_exposure.hpp"

#include "line_levels.hpp"

namespace isr {

/// How the level of an amplifier is found in its overscan.
struct OverscanMethod {
  Lines lines = Lines::rows;  ///< rows of the serial overscan, or columns of the parallel one
  LineAverage average = LineAverage::median;
  int spline_bins = 0;  ///< 0: each line has its own level; else that of a spline through bins
  int skip_leading = 0, skip_trailing = 0;  ///< pixels of a line: beside the data, at the far end
  LineRejection rejection;
  int grow_saturated = -1;  ///< lines around one with a SAT pixel that have no level; -1: none has
  int grow_bad = 0;         ///< the same around one of which less than half is left
  double largest_jump = 0.0;  ///< against the median of five levels; 0: any [adu]
};

/// What one amplifier's overscan tells.
struct OverscanLevels {
  int first = 0;               ///< row or column of the raw image that the first level is of
  std::vector<double> levels;  ///< [adu]; empty when too few pixels are usable
  double noise = 0.0;          ///< in a line, median of all lines [adu]
};

/// Pixels that are BAD, SAT, NaN or infinite, or at least `limit`, are not used.
///
/// With Lines::rows and no spline, rows of the parallel overscan have levels too: they need them
/// before that overscan can tell anything.
/// \throws DataError naming the amplifier when it has no such overscan, it is not inside the image,
///         or nothing of it is left between the skipped pixels
OverscanLevels measure_overscan(almagest::RawExposure const& raw, std::size_t channel,
                                OverscanMethod const& method,
                                double limit = std::numeric_limits<double>::infinity());

/// Subtracts each level from all pixels of its row or column.
void subtract_overscan(OverscanLevels const& found, Lines lines, almagest::Image<float>& image);

}  // namespace isr

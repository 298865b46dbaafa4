#pragma once

#include <optional>
#include <span>
#include <vector>

#include "sorted_lines.hpp"

/// The level of each row or column of an overscan (ISR document 4.1, step 3; 4.2).
namespace isr {

enum class LineAverage { median, mean };

/// Pixels that do not take part in the average of their line.
struct LineRejection {
  /// First those further than this from the median of the whole box [adu], or only above it.
  double maximum_deviation = 1000.0;
  bool only_above = false;
  /// Then those further from their line's median than this many sigmas. A line's sigma is
  /// 0.74·(q75 − q25), and the median of all lines' sigmas where it is over twice that.
  double sigmas = 3.0;
};

struct LineLevels {
  std::vector<double> levels;  ///< of each line; NaN where no pixel is usable
  std::vector<bool> poor;      ///< the first rejection leaves less than half of the line's pixels
  double noise = 0.0;          ///< median of the lines' sigmas; NaN when no line has a level
};
LineLevels line_levels(SortedLines const& lines, LineAverage average,
                       LineRejection const& rejection);

/// Forgets (sets to NaN) the levels of flagged lines and of `grow` lines on either side.
void leave_out(std::span<double> levels, std::vector<bool> const& flagged, int grow);

/// Gives lines without a level the median of the nearest five that have one on either side.
/// \returns false when no line has a level
bool fill_gaps(std::span<double> levels);

/// Replaces levels further than `limit` from the median of the five around them by that median.
void smooth_jumps(std::span<double> levels, double limit);

/// An Akima spline through the means of `bins` equal bins of lines, at each line.
/// \returns none when fewer than 5 bins have a line, which a spline needs
std::optional<std::vector<double>> spline_through_bins(std::span<double const> levels, int bins);

/// Median of finite values; NaN when there is none.
double median_of(std::vector<double> values);

}  // namespace isr

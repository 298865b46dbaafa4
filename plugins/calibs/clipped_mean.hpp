#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace calibs {

struct ClippedMeanOptions {
  double sigmas = 3.0;
  int passes = 3;
};

/// What is known of one row of pixels after clipping; all spans are as long as the row.
struct ClippedRow {
  std::span<float> mean;     ///< NaN where there is no value
  std::span<float> scatter;  ///< standard deviation, n − 1; 0 of a single value
  std::span<float> count;    ///< values kept in the last pass
  /// Values v with |(v − median) − centre| ≤ half_width were kept.
  std::span<float> median, centre, half_width;
};

/// Combines frames pixel by pixel: the clipped mean of the SDK's clipped_statistics(), many columns
/// at a time.
///
/// For each pixel, its values are clipped around their median, at first at sigmas times the
/// interquartile range over 1.349, then, pass by pass, at sigmas standard deviations around the
/// mean. Sums are those of single-precision differences from the median; the result does not depend
/// on the processor.
class ClippedMean {
 public:
  /// \param frames  how many values each pixel has, at least 1
  ClippedMean(std::size_t frames, ClippedMeanOptions const& options);

  /// \param rows  one row of each frame; NaN and infinite values do not count
  void operator()(std::span<float const* const> rows, ClippedRow const& result) const;

 private:
  ClippedMeanOptions options_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> network_;  // sorts the values of a pixel
};

}  // namespace calibs

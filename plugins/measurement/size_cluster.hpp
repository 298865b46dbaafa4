#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace measurement {

/// How smallest_cluster() looks for stars; the defaults are those of the LSST stack.
struct SizeClusterOptions {
  int clusters = 4;               ///< stars, and whatever is wider
  double start_quantile = 0.1;    ///< the first centre is the width at this rank
  double spread = 0.15;           ///< scatter of the stars' widths, relative: centres start 2 apart
  double clip = 2.0;              ///< members further from the median than this many σ are dropped
  int clip_passes = 10;           ///< at most
  std::size_t least_to_clip = 5;  ///< members below which nothing is dropped
};

/// The sources that are as small as stars: the first cluster of a k-means on their widths, with
/// medians for centres, and clipped (science document, section 2.4 and item 3 of section 10).
///
/// Centres start at v[n/10] · (1 + 0.3 k) of the sorted widths v. An empty cluster keeps its
/// centre. The clip's σ is the smaller one of the population's and 0.741 times the interquartile
/// range; it ends when nothing is dropped or σ < 0.15 · median.
/// \param widths  finite [pixel]
/// \returns indices into `widths`, rising; empty when there is no width
std::vector<std::size_t> smallest_cluster(std::span<double const> widths,
                                          SizeClusterOptions const& options);

}  // namespace measurement

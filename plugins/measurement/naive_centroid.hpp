#pragma once

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

namespace measurement {

enum class NaiveCentroidProblem { none, edge, no_counts };

struct NaiveCentroidResult {
  almagest::Point position;  ///< parent frame; the peak where there is a problem
  NaiveCentroidProblem problem = NaiveCentroidProblem::none;
};

/// The centre of gravity of the 3 × 3 pixels around a peak.
///
/// \param background  level under the source [counts], subtracted from every pixel
NaiveCentroidResult naive_centroid(almagest::Image<float> const& image, almagest::Pixel peak,
                                   double background);

}  // namespace measurement

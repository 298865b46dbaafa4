#include "naive_centroid.hpp"

#include <cmath>

namespace measurement {
using namespace almagest;

NaiveCentroidResult naive_centroid(Image<float> const& image, Pixel peak, double background) {
  Point const start{static_cast<double>(peak.x), static_cast<double>(peak.y)};
  if (!image.bbox().contains(Box{peak.x - 1, peak.y - 1, 3, 3}))
    return {start, NaiveCentroidProblem::edge};
  double sum = 0.0, along_x = 0.0, along_y = 0.0;
  for (int v = -1; v <= 1; ++v)
    for (int u = -1; u <= 1; ++u) {
      double const value = image.at({peak.x + u, peak.y + v}) - background;
      sum += value;
      along_x += u * value;
      along_y += v * value;
    }
  // A sum that is not positive has no centre of gravity; one that is not finite neither.
  if (!(sum > 0.0) || !std::isfinite(sum)) return {start, NaiveCentroidProblem::no_counts};
  return {{start.x + along_x / sum, start.y + along_y / sum}, NaiveCentroidProblem::none};
}

}  // namespace measurement

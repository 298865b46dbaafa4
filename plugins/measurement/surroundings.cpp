#include "surroundings.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

#include "almagest/error.hpp"

#include "box_around.hpp"
#include "ellipse.hpp"

namespace measurement {
using namespace almagest;

ClippedStatistics ring_level(Image<float> const& image, Mask const& mask, MaskPixel bad,
                             Point centre, double inner, double outer) {
  if (!std::isfinite(centre.x) || !std::isfinite(centre.y))
    throw MeasurementError("local background: the centroid is not finite");
  Box const frame = image.bbox(), box = intersection(box_around(centre, outer), frame);
  double const inner2 = inner * inner, outer2 = outer * outer;
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(box.area()));
  for (int y = box.y0; y <= box.y1(); ++y) {
    auto const pixels = image.row(y - frame.y0);
    auto const bits = mask.image().row(y - frame.y0);
    double const v = y - centre.y;
    for (int x = box.x0; x <= box.x1(); ++x) {
      double const u = x - centre.x, r2 = u * u + v * v;
      auto const i = static_cast<std::size_t>(x - frame.x0);
      if (r2 >= inner2 && r2 <= outer2 && (bits[i] & bad) == 0 && std::isfinite(pixels[i]))
        values.push_back(pixels[i]);
    }
  }
  if (values.empty()) throw MeasurementError("local background: no good pixel in the ring");
  return clipped_statistics(values);
}

double median_variance(Image<float> const& variance, Mask const& mask, MaskPixel bad, Point centre,
                       Quadrupole const& moments, double reach, double max_radius) {
  auto const ellipse = Ellipse::make(centre, moments, reach, max_radius);
  if (!ellipse) throw MeasurementError("variance: the source's moments are no ellipse");
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(ellipse->bbox(variance.bbox()).area()));
  ellipse->for_each(variance.bbox(), [&](int x, int y, double) {
    float const value = variance.at({x, y});
    if ((mask.image().at({x, y}) & bad) == 0 && std::isfinite(value)) values.push_back(value);
  });
  if (values.empty()) throw MeasurementError("variance: no good pixel under the source");
  return quantile(values, 0.5);
}

}  // namespace measurement

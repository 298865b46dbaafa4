#include "sky_level.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"

namespace repair {
namespace {
using namespace almagest;

constexpr double enough_pixels = 1e5;  // the median's error is then 0.4 % of the noise
constexpr double clip_sigmas = 3.0;

}  // namespace

SkyLevel sky_level(MaskedImage const& frame, MaskPixel ignored) {
  int const step = std::max(
      1, static_cast<int>(std::sqrt(static_cast<double>(frame.bbox().area()) / enough_pixels)));
  std::vector<float> values, variances;
  for (int y = step / 2; y < frame.image.height(); y += step) {
    auto const pixels = frame.image.row(y);
    auto const variance = frame.variance.row(y);
    auto const mask = frame.mask.image().row(y);
    // Rows start elsewhere each, so that a column of the detector is not met again and again.
    for (auto x = static_cast<std::size_t>((y / step) % step); x < pixels.size();
         x += static_cast<std::size_t>(step)) {
      if ((mask[x] & ignored) != 0 || !std::isfinite(pixels[x])) continue;
      values.push_back(pixels[x]);
      if (!std::isnan(variance[x])) variances.push_back(variance[x]);
    }
  }
  if (values.empty() || variances.empty())
    throw DataError(
        "the sky cannot be measured: no pixel is free of NaN and of the planes to be "
        "ignored");
  ClippedStatistics const clipped = clipped_statistics(std::span(values));
  std::erase_if(values, [&](float value) {
    return !(std::abs(value - clipped.mean) <= clip_sigmas * clipped.scatter);
  });
  SkyLevel sky;
  sky.level = values.empty() ? clipped.mean : quantile(std::span(values), 0.5);
  sky.variance = quantile(std::span(variances), 0.5);
  return sky;
}

}  // namespace repair

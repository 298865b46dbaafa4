#include "sky_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"
#include "almagest/text.hpp"

#include "good_pixels.hpp"

namespace isr {
namespace {
using namespace almagest;

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

/// Cells of a mesh; those at the upper edges are what is left.
std::vector<Box> cells(Box const& frame, int size) {
  std::vector<Box> boxes;
  for (int y = 0; y < frame.height; y += size)
    for (int x = 0; x < frame.width; x += size)
      boxes.push_back(intersection({frame.x0 + x, frame.y0 + y, size, size}, frame));
  return boxes;
}

struct Flatness {
  double peak_to_peak = nothing, rms = nothing;
};

/// Of the cells' means about their median.
Flatness flatness_of(std::vector<double> means) {
  std::erase_if(means, [](double mean) { return !std::isfinite(mean); });
  if (means.empty()) return {};
  double const median = quantile(std::span<double>(means), 0.5);
  if (median == 0.0) return {};
  auto const [least, greatest] = std::ranges::minmax(means);
  double mean = 0.0, square = 0.0;
  for (double const value : means) mean += value / static_cast<double>(means.size());
  for (double const value : means) square += (value - mean) * (value - mean);
  return {(greatest - least) / std::abs(median),
          std::sqrt(square / static_cast<double>(means.size())) / std::abs(median)};
}

}  // namespace

Outcome SkyStatistics::run(Context& context) const {
  Exposure exposure = context.take(input);
  MaskPixel const bad = known_bits(exposure.mask(), *ignore);
  std::vector<float> values =
      good_values(std::as_const(exposure).image(), std::as_const(exposure).mask(), bad);
  if (values.empty()) throw DataError("no pixel is good, of which the sky could be measured");
  double const level = quantile(std::span<float>(values), 0.5);
  double const sigma = clipped_statistics(values).scatter;

  std::vector<Box> const mesh = cells(exposure.bbox(), *bin_size);
  std::vector<double> means(mesh.size(), nothing);
  Exposure const& seen = exposure;
  context.parallel_for(mesh.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      try {
        means[i] = clipped_statistics(seen.image(), seen.mask(), bad, mesh[i]).mean;
      } catch (MeasurementError const&) {
        // Every pixel is left out: this cell does not tell.
      }
    }
  });
  Flatness const flatness = flatness_of(means);

  exposure.metadata.set("SKYLEVEL", level, "median of the sky");
  exposure.metadata.set("SKYSIGMA", sigma, "clipped scatter of the sky");
  if (std::isfinite(flatness.rms)) {
    exposure.metadata.set("FLATNESS_PP", flatness.peak_to_peak, "range of cells' means/median");
    exposure.metadata.set("FLATNESS_RMS", flatness.rms, "scatter of cells' means/median");
  }
  context.record(sky_level, level);
  context.record(sky_sigma, sigma);
  context.record(flatness_pp, flatness.peak_to_peak);
  context.record(flatness_rms, flatness.rms);
  context.log().info("sky " + fixed(level, 3) + " ± " + fixed(sigma, 3) + ", flat to " +
                     fixed(100.0 * flatness.rms, 2) + " % rms");
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace isr

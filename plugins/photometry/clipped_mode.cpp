#include "clipped_mode.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"

namespace photometry {
namespace {

// As the stack rounds 2.355, the full width at half maximum of a Gaussian over its standard
// deviation.
constexpr double fwhm_per_sigma = 2.3;
constexpr std::size_t bins = 20;
constexpr int passes = 20;
constexpr double clip = 3.0;

/// \throws MeasurementError when there is none
Mode quartiles(std::vector<double> values) {
  double const median = almagest::quantile(values, 0.5);
  double const high = almagest::quantile(values, 0.75);
  return {median, sigma_per_iqr * (high - almagest::quantile(values, 0.25))};
}

}  // namespace

Mode histogram_mode(std::span<double const> values) {
  if (values.empty()) throw almagest::MeasurementError("no values to take a median of");
  auto const [lowest, highest] = std::minmax_element(values.begin(), values.end());
  double const low = *lowest;
  double const width = (*highest - low) / static_cast<double>(bins);
  if (!(width > 0.0)) return {low, 0.0};
  std::array<std::size_t, bins> height{};
  for (double const v : values)
    ++height[std::min(static_cast<std::size_t>((v - low) / width), bins - 1)];

  std::size_t const top = *std::max_element(height.begin(), height.end());
  std::size_t first = 0, last = bins - 1;
  while (height[first] < top) ++first;
  while (height[last] < top) --last;
  for (std::size_t i = first; i <= last; ++i)
    if (height[i] < top) return quartiles({values.begin(), values.end()});

  // Outwards to the first bins that are not above half of the peak.
  auto const above_half = [&](std::size_t i) { return 2 * height[i] > top; };
  std::size_t left = first, right = last;
  while (left > 0 && above_half(left - 1)) --left;
  while (right + 1 < bins && above_half(right + 1)) ++right;
  double const fwhm = width * static_cast<double>(right + 1 - left);
  return {low + 0.5 * width * static_cast<double>(first + last + 1), fwhm / fwhm_per_sigma};
}

ClippedMedian median_within_scatter(std::span<double const> values, double largest_sigma) {
  Mode now = histogram_mode(values);
  ClippedMedian result;
  for (int pass = 0; pass < passes; ++pass) {
    double const half_width = clip * std::min(now.sigma, largest_sigma);
    std::vector<bool> kept(values.size());
    std::vector<double> inside;
    for (std::size_t i = 0; i < values.size(); ++i) {
      kept[i] = std::abs(values[i] - now.value) <= half_width;
      if (kept[i]) inside.push_back(values[i]);
    }
    if (inside.empty()) {
      if (pass > 0) break;
      now = quartiles(
          {values.begin(), values.end()});  // the mode of few values may lie where none is
      continue;
    }
    bool const settled = pass > 0 && kept == result.kept;
    now = quartiles(inside);
    result.value = now.value;
    result.sigma = now.sigma;
    result.kept = std::move(kept);
    result.count = inside.size();
    if (settled) break;
  }
  // Values that are further apart than any clipping allows: their scatter tells.
  if (result.count == 0) {
    result.value = now.value;
    result.sigma = now.sigma;
    result.kept.assign(values.size(), true);
    result.count = values.size();
  }
  // The median of a Gaussian scatter is √(π/2) less certain than the mean.
  result.error =
      result.sigma * std::sqrt(0.5 * std::numbers::pi / static_cast<double>(result.count));
  result.excess = result.sigma;
  return result;
}

}  // namespace photometry

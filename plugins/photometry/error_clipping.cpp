#include "error_clipping.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>
#include <utility>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"

namespace photometry {
namespace {

constexpr int passes = 20;
constexpr double clip = 3.0;
// Of the square of a number with a Gaussian scatter of 1.
constexpr double median_of_square = 0.454936423119573;

double squared(double x) noexcept {
  return x * x;
}

/// A value, and its own error squared.
struct Measurement {
  double value;
  double variance;
};

/// The value on either side of which the weights 1/√(variance + excess²) are the same.
double weighted_median(std::vector<Measurement> sorted, double excess) {
  std::sort(sorted.begin(), sorted.end(),
            [](Measurement const& a, Measurement const& b) { return a.value < b.value; });
  std::vector<double> below;  // weight up to and including each
  double sum = 0.0;
  for (Measurement const& m : sorted)
    below.push_back(sum += 1.0 / std::sqrt(m.variance + squared(excess)));
  auto const i = static_cast<std::size_t>(std::lower_bound(below.begin(), below.end(), 0.5 * sum) -
                                          below.begin());
  bool const between = below[i] == 0.5 * sum && i + 1 < sorted.size();
  return between ? 0.5 * (sorted[i].value + sorted[i + 1].value) : sorted[i].value;
}

/// The scatter that the values have beside their errors.
double excess_of(std::span<Measurement const> values, double centre, ExcessLimits const& limits) {
  std::vector<double> squares(values.size());
  auto const too_small = [&](double excess) {
    for (std::size_t i = 0; i < values.size(); ++i)
      squares[i] = squared(values[i].value - centre) / (values[i].variance + squared(excess));
    return almagest::quantile(squares, 0.5) > median_of_square;
  };
  double low = limits.smallest, high = limits.largest;
  if (low >= high || !too_small(low)) return low;
  if (too_small(high)) return high;
  constexpr int halvings = 40;
  for (int step = 0; step < halvings; ++step) {
    double const middle = 0.5 * (low + high);
    (too_small(middle) ? low : high) = middle;
  }
  return high;
}

}  // namespace

ClippedMedian median_within_errors(std::span<double const> values, std::span<double const> errors,
                                   ExcessLimits const& limits) {
  if (values.empty()) throw almagest::MeasurementError("no values to take a median of");
  ClippedMedian result;
  result.kept.assign(values.size(), true);
  std::vector<Measurement> inside;
  for (int pass = 0; pass < passes; ++pass) {
    inside.clear();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (result.kept[i]) inside.push_back({values[i], squared(errors[i])});
    if (pass == 0) result.excess = limits.smallest;
    result.value = weighted_median(inside, result.excess);
    result.excess = excess_of(inside, result.value, limits);
    std::vector<bool> kept(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      kept[i] = squared(values[i] - result.value) <=
                squared(clip) * (squared(errors[i]) + squared(result.excess));
    bool const none = std::find(kept.begin(), kept.end(), true) == kept.end();
    if (none || kept == result.kept || pass + 1 == passes) break;
    result.kept = std::move(kept);
  }
  result.count = inside.size();
  double weights = 0.0, chi_squared = 0.0;
  std::vector<double> numbers;
  for (Measurement const& m : inside) {
    double const weight = 1.0 / (m.variance + squared(result.excess));
    weights += weight;
    chi_squared += weight * squared(m.value - result.value);
    numbers.push_back(m.value);
  }
  double const freedom = static_cast<double>(inside.size()) - 1.0;
  double const ratio = freedom > 0.0 ? chi_squared / freedom : 1.0;
  result.error = std::sqrt(ratio * 0.5 * std::numbers::pi / weights);
  double const high = almagest::quantile(numbers, 0.75);
  result.sigma = sigma_per_iqr * (high - almagest::quantile(numbers, 0.25));
  return result;
}

}  // namespace photometry

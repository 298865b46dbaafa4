#include "line_levels.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "almagest/statistics.hpp"

#include "akima_spline.hpp"

namespace isr {
namespace {

constexpr double no_level = std::numeric_limits<double>::quiet_NaN();
// 1/1.349 to two digits, as the document has it: sigma of a normal distribution over its
// interquartile range.
constexpr double sigma_per_iqr = 0.74;
constexpr std::size_t neighbours = 5;  // on either side of a line without a level

/// Ranks of a line's values that take part.
struct Range {
  std::size_t first = 0, end = 0;
  std::size_t count() const noexcept { return end - first; }
};

/// Those between two limits, both included.
Range within(SortedLines const& lines, std::size_t line, Range range, double low,
             double high) noexcept {
  while (range.first < range.end && lines.value(line, range.first) < low) ++range.first;
  while (range.first < range.end && lines.value(line, range.end - 1) > high) --range.end;
  return range;
}

/// The first rejection.
std::vector<Range> near_box_median(SortedLines const& lines, LineRejection const& rejection) {
  std::vector<Range> ranges(lines.size());
  double least = std::numeric_limits<double>::infinity(), greatest = -least;
  for (std::size_t line = 0; line < lines.size(); ++line) {
    ranges[line].end = lines.count(line);
    if (ranges[line].end == 0) continue;
    least = std::min<double>(least, lines.value(line, 0));
    greatest = std::max<double>(greatest, lines.value(line, ranges[line].end - 1));
  }
  // The median is between the extremes: nothing can be that far from it.
  if (!(greatest - least > rejection.maximum_deviation)) return ranges;
  std::vector<float> all = lines.all();
  double const median = almagest::quantile(std::span<float>(all), 0.5);
  double const low = rejection.only_above ? -std::numeric_limits<double>::infinity()
                                          : median - rejection.maximum_deviation;
  for (std::size_t line = 0; line < lines.size(); ++line)
    ranges[line] = within(lines, line, ranges[line], low, median + rejection.maximum_deviation);
  return ranges;
}

double average_of(SortedLines const& lines, std::size_t line, Range range,
                  LineAverage average) noexcept {
  if (range.count() == 0) return no_level;
  if (average == LineAverage::median) return lines.quantile(line, range.first, range.end, 0.5);
  double sum = 0.0;
  for (std::size_t rank = range.first; rank < range.end; ++rank) sum += lines.value(line, rank);
  return sum / static_cast<double>(range.count());
}

}  // namespace

double median_of(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  return values.empty() ? no_level : almagest::quantile(std::span<double>(values), 0.5);
}

LineLevels line_levels(SortedLines const& lines, LineAverage average,
                       LineRejection const& rejection) {
  std::vector<Range> const ranges = near_box_median(lines, rejection);
  std::vector<double> sigmas(lines.size(), no_level);
  for (std::size_t line = 0; line < lines.size(); ++line) {
    auto const [first, end] = ranges[line];
    if (first == end) continue;
    sigmas[line] = sigma_per_iqr * (lines.quantile(line, first, end, 0.75) -
                                    lines.quantile(line, first, end, 0.25));
  }
  LineLevels found;
  found.noise = median_of(sigmas);
  found.levels.assign(lines.size(), no_level);
  found.poor.assign(lines.size(), false);
  for (std::size_t line = 0; line < lines.size(); ++line) {
    Range const range = ranges[line];
    found.poor[line] = 2 * range.count() < lines.length();
    if (range.count() == 0) continue;
    double const sigma = sigmas[line] > 2.0 * found.noise ? found.noise : sigmas[line];
    double const median = lines.quantile(line, range.first, range.end, 0.5);
    double const half_width = rejection.sigmas * sigma;
    Range const kept = within(lines, line, range, median - half_width, median + half_width);
    // Between two values far apart lies a median that is near to neither.
    found.levels[line] = kept.count() == 0 ? median : average_of(lines, line, kept, average);
  }
  return found;
}

void leave_out(std::span<double> levels, std::vector<bool> const& flagged, int grow) {
  auto const reach = static_cast<std::size_t>(std::max(grow, 0));
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (!flagged[i]) continue;
    std::size_t const end = std::min(levels.size(), i + reach + 1);
    for (std::size_t k = i - std::min(i, reach); k < end; ++k) levels[k] = no_level;
  }
}

bool fill_gaps(std::span<double> levels) {
  std::vector<std::size_t> known;
  for (std::size_t i = 0; i < levels.size(); ++i)
    if (std::isfinite(levels[i])) known.push_back(i);
  if (known.empty()) return false;
  if (known.size() == levels.size()) return true;
  std::vector<double> const before(levels.begin(), levels.end());
  for (std::size_t i = 0, next = 0; i < levels.size(); ++i) {
    if (next < known.size() && known[next] == i) {
      ++next;
      continue;
    }
    std::vector<double> around;
    for (std::size_t k = next - std::min(next, neighbours);
         k < std::min(known.size(), next + neighbours); ++k)
      around.push_back(before[known[k]]);
    levels[i] = median_of(std::move(around));
  }
  return true;
}

void smooth_jumps(std::span<double> levels, double limit) {
  constexpr std::size_t reach = 2;
  std::vector<double> const before(levels.begin(), levels.end());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    std::size_t const first = i - std::min(i, reach), end = std::min(levels.size(), i + reach + 1);
    double const median = median_of({before.begin() + static_cast<std::ptrdiff_t>(first),
                                     before.begin() + static_cast<std::ptrdiff_t>(end)});
    if (std::abs(before[i] - median) > limit) levels[i] = median;
  }
}

std::optional<std::vector<double>> spline_through_bins(std::span<double const> levels, int bins) {
  constexpr std::size_t fewest = 5;
  std::vector<double> at, value;
  auto const count = static_cast<std::size_t>(bins);
  for (std::size_t bin = 0; bin < count; ++bin) {
    double sum_at = 0.0, sum_value = 0.0, n = 0.0;
    for (std::size_t i = bin * levels.size() / count; i < (bin + 1) * levels.size() / count; ++i) {
      if (!std::isfinite(levels[i])) continue;
      sum_at += static_cast<double>(i);
      sum_value += levels[i];
      n += 1.0;
    }
    if (n == 0.0) continue;
    at.push_back(sum_at / n);
    value.push_back(sum_value / n);
  }
  if (at.size() < fewest) return std::nullopt;
  AkimaSpline const spline(at, value);
  std::vector<double> smooth(levels.size());
  for (std::size_t i = 0; i < smooth.size(); ++i) smooth[i] = spline(static_cast<double>(i));
  return smooth;
}

}  // namespace isr

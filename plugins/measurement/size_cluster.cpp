#include "size_cluster.hpp"

#include <algorithm>
#include <cmath>

#include "almagest/statistics.hpp"

namespace measurement {
namespace {

// Medians settle within a few passes; this only bounds a swing between equal distances.
constexpr int most_passes = 1000;

// σ of a Gaussian from its interquartile range (0.7413), as the LSST stack rounds it.
constexpr double sigma_per_interquartile_range = 0.741;

std::vector<double> widths_of(std::span<double const> widths,
                              std::vector<std::size_t> const& members) {
  std::vector<double> values;
  for (std::size_t const i : members) values.push_back(widths[i]);
  return values;
}

std::size_t rank(double fraction, std::size_t n) {
  return std::min(n - 1, static_cast<std::size_t>(fraction * static_cast<double>(n)));
}

/// The nearest centre; of two as near the first.
std::size_t nearest(std::vector<double> const& centres, double width) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < centres.size(); ++k)
    if (std::abs(width - centres[k]) < std::abs(width - centres[best])) best = k;
  return best;
}

std::vector<std::vector<std::size_t>> assign(std::span<double const> widths,
                                             std::vector<double> const& centres) {
  std::vector<std::vector<std::size_t>> clusters(centres.size());
  for (std::size_t i = 0; i < widths.size(); ++i)
    clusters[nearest(centres, widths[i])].push_back(i);
  return clusters;
}

std::vector<std::size_t> first_cluster(std::span<double const> widths,
                                       SizeClusterOptions const& options) {
  std::vector<double> sorted(widths.begin(), widths.end());
  std::sort(sorted.begin(), sorted.end());
  double const start = sorted[rank(options.start_quantile, sorted.size())];
  std::vector<double> centres;
  for (int k = 0; k < options.clusters; ++k)
    centres.push_back(start * (1.0 + 2.0 * options.spread * k));

  auto clusters = assign(widths, centres);
  for (int pass = 0; pass < most_passes; ++pass) {
    for (std::size_t k = 0; k < centres.size(); ++k)
      if (std::vector<double> members = widths_of(widths, clusters[k]); !members.empty())
        centres[k] = almagest::quantile(members, 0.5);
    auto again = assign(widths, centres);
    if (again == clusters) break;
    clusters = std::move(again);
  }
  return clusters.front();
}

/// The smaller one of two measures of scatter around the middle of sorted values.
double scatter(std::vector<double> const& sorted) {
  auto const n = static_cast<double>(sorted.size());
  double mean = 0.0, squares = 0.0;
  for (double const value : sorted) mean += value / n;
  for (double const value : sorted) squares += (value - mean) * (value - mean);
  double const range = sorted[rank(0.75, sorted.size())] - sorted[rank(0.25, sorted.size())];
  return std::min(std::sqrt(squares / n), sigma_per_interquartile_range * range);
}

}  // namespace

std::vector<std::size_t> smallest_cluster(std::span<double const> widths,
                                          SizeClusterOptions const& options) {
  if (widths.empty() || options.clusters < 1) return {};
  std::vector<std::size_t> members = first_cluster(widths, options);
  if (members.size() < options.least_to_clip) return members;
  for (int pass = 0; pass < options.clip_passes && !members.empty(); ++pass) {
    std::vector<double> sorted = widths_of(widths, members);
    std::sort(sorted.begin(), sorted.end());
    double const centre = almagest::quantile(sorted, 0.5), sigma = scatter(sorted);
    // Widths that are all the same have no scatter, and none of them is an outlier.
    auto const outlier = [&](std::size_t i) {
      double const off = std::abs(widths[i] - centre);
      return off > 0.0 && off >= options.clip * sigma;
    };
    bool const dropped = std::erase_if(members, outlier) > 0;
    if (!dropped || sigma < options.spread * sorted[sorted.size() / 2]) break;
  }
  return members;
}

}  // namespace measurement

#include "level_fit.hpp"

#include <algorithm>
#include <cmath>

#include "almagest/error.hpp"

namespace calibs {
namespace {

/// Means, by group, of what is left of the logarithms when the other factor is taken off.
std::vector<double> means_of_rest(std::span<LevelSample const> samples,
                                  std::size_t LevelSample::*group, std::size_t groups,
                                  std::size_t LevelSample::*other,
                                  std::vector<double> const& others) {
  std::vector<double> sum(groups, 0.0), count(groups, 0.0);
  for (LevelSample const& sample : samples) {
    sum[sample.*group] += std::log(sample.level) - others[sample.*other];
    count[sample.*group] += 1.0;
  }
  for (std::size_t i = 0; i < groups; ++i) sum[i] /= count[i];
  return sum;
}

std::size_t groups_in(std::span<LevelSample const> samples, std::size_t LevelSample::*group) {
  std::size_t count = 0;
  for (LevelSample const& sample : samples) count = std::max(count, sample.*group + 1);
  return count;
}

}  // namespace

LevelFit fit_levels(std::span<LevelSample const> samples, int iterations) {
  for (LevelSample const& sample : samples)
    if (!(sample.level > 0.0) || !std::isfinite(sample.level))
      throw almagest::DataError("a level of " + std::to_string(sample.level) +
                                " has no logarithm: levels must be positive");
  LevelFit fit;
  fit.detectors.assign(groups_in(samples, &LevelSample::detector), 0.0);
  fit.exposures.assign(groups_in(samples, &LevelSample::exposure), 0.0);
  for (int i = 0; i < iterations; ++i) {
    fit.exposures = means_of_rest(samples, &LevelSample::exposure, fit.exposures.size(),
                                  &LevelSample::detector, fit.detectors);
    fit.detectors = means_of_rest(samples, &LevelSample::detector, fit.detectors.size(),
                                  &LevelSample::exposure, fit.exposures);
  }

  double squares = 0.0;
  for (LevelSample const& sample : samples) {
    double const rest =
        std::log(sample.level) - fit.detectors[sample.detector] - fit.exposures[sample.exposure];
    squares += rest * rest;
  }
  fit.scatter = samples.empty() ? 0.0 : std::sqrt(squares / static_cast<double>(samples.size()));

  double mean = 0.0;
  for (double& factor : fit.detectors) {
    factor = std::exp(factor);
    mean += factor / static_cast<double>(fit.detectors.size());
  }
  for (double& factor : fit.detectors) factor /= mean;
  for (double& factor : fit.exposures) factor = std::exp(factor) * mean;
  return fit;
}

}  // namespace calibs

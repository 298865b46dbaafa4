#include "signal_to_noise.hpp"

#include <algorithm>
#include <cmath>

namespace simulate {

using namespace almagest;

double signal_to_noise(Image<double> const& light, double sky, FilterProperties const& filter) {
  double sum = 0.0;
  for (double const value : light.pixels())
    sum += value * value / ((sky + std::max(value, 0.0)) / filter.gain + filter.dark_variance);
  return std::sqrt(sum);
}

double flux_of_signal_to_noise(Image<double> const& profile, double wanted, double sky,
                               FilterProperties const& filter) {
  // Signal to noise rises as a power between 1/2 (bright) and 1 (faint) of the flux, so that each
  // step leaves at most half of the logarithm's error.
  constexpr double tolerance = 1e-10;
  constexpr int most_steps = 100;
  double flux = wanted;
  Image<double> light = profile;
  for (int step = 0; step < most_steps; ++step) {
    std::ranges::transform(profile.pixels(), light.pixels().begin(),
                           [flux](double value) { return flux * value; });
    double const ratio = wanted / signal_to_noise(light, sky, filter);
    flux *= ratio;
    if (std::abs(ratio - 1.0) < tolerance) break;
  }
  return flux;
}

}  // namespace simulate

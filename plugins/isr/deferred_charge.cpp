#include "deferred_charge.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"

#include "channels.hpp"

namespace isr {
namespace {
using namespace almagest;

constexpr std::size_t rows_at_once = 256;

double number_or(Amplifier const& amplifier, char const* column, double absent) {
  auto const found = amplifier.further.find(column);
  return found == amplifier.further.end() ? absent : found->second;
}

/// How much more the first overscan column of the data rows holds than the last one, mean over the
/// rows; NaN where there is no such overscan.
double trail(RawExposure const& raw, std::size_t channel) {
  Amplifier const& amplifier = raw.amplifier(channel);
  Box const& overscan = amplifier.raw_serial_overscan;
  Box const& data = amplifier.raw_data;
  Image<float> const& image = raw.channels[channel].image;
  if (overscan.width < 2 || !Box{0, 0, image.width(), image.height()}.contains(overscan))
    return std::numeric_limits<double>::quiet_NaN();
  bool const right_of_data = overscan.x0 > data.x0;
  int const first = right_of_data ? overscan.x0 : overscan.x1();
  int const last = right_of_data ? overscan.x1() : overscan.x0;
  double sum = 0.0;
  int count = 0;
  for (int y = data.y0; y <= data.y1(); ++y) {
    double const step = double{image(first, y)} - image(last, y);
    if (!std::isfinite(step)) continue;
    sum += step;
    ++count;
  }
  return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

double median_trail(RawExposure const& raw) {
  std::vector<double> trails;
  for (std::size_t i = 0; i < raw.channels.size(); ++i)
    if (double const t = trail(raw, i); std::isfinite(t)) trails.push_back(t);
  return trails.empty() ? std::numeric_limits<double>::quiet_NaN() : quantile(trails, 0.5);
}

}  // namespace

DeferredCharge DeferredChargeCorrection::parameters_of(Amplifier const& amplifier,
                                                       AmplifierTable const* measured) const {
  Amplifier known = amplifier;
  if (measured) {
    auto const found = measured->amplifiers.find(amplifier.name);
    if (found == measured->amplifiers.end())
      throw DataError("the table of deferred charge has no amplifier '" + amplifier.name + "'");
    for (auto const& [column, value] : found->second) known.further[column] = value;
  }
  DeferredCharge const parameters{number_or(known, "cti", *cti),
                                  number_or(known, "cti_release", *cti_release),
                                  number_or(known, "drift_scale", *drift_scale),
                                  number_or(known, "drift_length", *drift_length)};
  parameters.require_valid(amplifier.name);
  return parameters;
}

// ISR document 4.2.
Outcome DeferredChargeCorrection::run(Context& context) const {
  RawExposure raw = context.take(input);
  require_channels(raw);
  auto const* measured = context.get(table);
  context.record(overscan_before, median_trail(raw));
  for (std::size_t i = 0; i < raw.channels.size(); ++i) {
    Amplifier const& amplifier = raw.amplifier(i);
    DeferredCharge const parameters = parameters_of(amplifier, measured);
    if (parameters.nothing()) continue;
    Image<float>& image = raw.channels[i].image;
    image.pixels();  // unshared here: threads write it
    context.parallel_for(static_cast<std::size_t>(amplifier.raw_data.height), rows_at_once,
                         [&](std::size_t begin, std::size_t end) {
                           remove_deferred_charge(image, amplifier, parameters,
                                                  static_cast<int>(begin), static_cast<int>(end));
                         });
  }
  context.record(overscan_after, median_trail(raw));
  context.put(output, std::move(raw));
  return done;
}

}  // namespace isr

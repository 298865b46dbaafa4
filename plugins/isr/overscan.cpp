#include "overscan.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

#include "channels.hpp"

namespace isr {
namespace {
using namespace almagest;

double standard_deviation(std::span<double const> values) {
  double const n = static_cast<double>(values.size());
  double mean = 0.0, sum = 0.0;
  for (double const value : values) mean += value / n;
  for (double const value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / n);
}

}  // namespace

OverscanMethod OverscanParams::of(Lines lines) const {
  OverscanMethod chosen;
  chosen.lines = lines;
  chosen.average = *method == "median_per_row" ? LineAverage::median : LineAverage::mean;
  chosen.spline_bins = *method == "akima_spline" ? *bins : 0;
  chosen.skip_leading = *skip_leading;
  chosen.skip_trailing = *skip_trailing;
  chosen.rejection = {*maximum_deviation, *only_above, *sigmas};
  return chosen;
}

OverscanSummary record_overscan(std::vector<OverscanLevels> const& found, Lines lines,
                                Header& metadata) {
  OverscanSummary mean;
  double n = 0.0;
  std::string const card = lines == Lines::rows ? "ISR_OSCAN_" : "ISR_POSCAN_";
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].levels.empty()) continue;
    double const middle = median_of(found[i].levels);
    double const spread = standard_deviation(found[i].levels);
    metadata.set(card + "LEVEL" + std::to_string(i), middle, "median overscan level");
    metadata.set(card + "SIGMA" + std::to_string(i), spread, "standard deviation of it");
    mean.level += middle;
    mean.drift += spread;
    mean.noise += found[i].noise;
    n += 1.0;
  }
  return {mean.level / n, mean.drift / n, mean.noise / n};
}

void require_levels(std::vector<OverscanLevels> const& found, std::string const& direction) {
  if (std::ranges::all_of(found, [](OverscanLevels const& f) { return f.levels.empty(); }))
    throw DataError("no amplifier has usable pixels in its " + direction + " overscan");
}

Outcome Overscan::run(Context& context) const {
  RawExposure raw = context.take(input);
  require_channels(raw);
  OverscanMethod method = how.of(*direction == "serial" ? Lines::rows : Lines::columns);
  method.grow_saturated = *grow_saturated;
  method.grow_bad = *grow_bad;
  method.largest_jump = *largest_jump;

  std::vector<OverscanLevels> found(raw.channels.size());
  std::vector<char> dead(raw.channels.size());
  context.parallel_for(found.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      if ((dead[i] = wholly_bad(raw, i))) continue;
      found[i] = measure_overscan(raw, i, method);
      if (found[i].levels.empty())
        mark_bad(raw, i);
      else
        subtract_overscan(found[i], method.lines, raw.channels[i].image);
    }
  });
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i].levels.empty() && !dead[i])
      context.log().warning("amplifier '" + raw.amplifier(i).name +
                            "' is marked BAD: too few pixels of its " + *direction +
                            " overscan are usable");
  require_levels(found, *direction);
  OverscanSummary const mean = record_overscan(found, method.lines, raw.metadata);
  context.record(level, mean.level);
  context.record(drift, mean.drift);
  context.record(noise, mean.noise);
  context.log().info(*direction + " overscan " + fixed(mean.level, 3) + " adu, drift " +
                     fixed(mean.drift, 3) + ", noise " + fixed(mean.noise, 3));
  context.put(output, std::move(raw));
  return done;
}

}  // namespace isr

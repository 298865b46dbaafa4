#include "saturation.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "almagest/text.hpp"

#include "channels.hpp"
#include "row_arithmetic.hpp"

namespace isr {
namespace {
using namespace almagest;

/// Sets the plane in all of the channel's pixels at or above the level. Without one the mask is not
/// even made.
void flag_channel(RawExposure::Channel& channel, double level, std::string_view plane) {
  if (std::isnan(level)) return;
  Image<float> const& image = channel.image;
  auto const threshold = static_cast<float>(level);
  for (int y = 0; y < image.height(); ++y) {
    if (!any_at_least(image.row(y), threshold)) continue;
    Mask& mask = channel.made_mask();
    flag_at_least(image.row(y), threshold, mask.bit(plane), mask.image().row(y));
  }
}

/// How many of an amplifier's data pixels have a plane's bit.
std::int64_t count_flagged(RawExposure const& raw, std::size_t channel, MaskPixel bits) {
  auto const data = view_of(raw.channels[channel].mask.image(), raw.amplifier(channel).raw_data);
  std::int64_t count = 0;
  for (int y = 0; y < data.height(); ++y)
    count += std::ranges::count_if(data.row(y), [&](MaskPixel p) { return (p & bits) != 0; });
  return count;
}

}  // namespace

bool wholly_saturated(RawExposure const& raw, std::size_t channel) {
  Amplifier const& amplifier = raw.amplifier(channel);
  double const least =
      std::fmin(amplifier.saturation, amplifier.suspect);  // of those that are not NaN
  if (std::isnan(least)) return false;
  auto const data = view_of(raw.channels[channel].image, amplifier.raw_data);
  for (int y = 0; y < data.height(); ++y)
    if (!std::ranges::all_of(data.row(y), [&](float pixel) { return pixel >= least; }))
      return false;
  return true;
}

bool wholly_inside(Amplifier const& amplifier, Defects const* defects) {
  return defects && std::ranges::any_of(defects->boxes, [&](Box const& box) {
           return box.contains(amplifier.box);
         });
}

Outcome Saturation::run(Context& context) const {
  RawExposure raw = context.take(input);
  require_channels(raw);
  Defects const* const known = context.get(defects);
  std::vector<std::int64_t> counts(raw.channels.size());
  std::vector<char> bad(raw.channels.size());
  context.parallel_for(raw.channels.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      Amplifier const& amplifier = raw.amplifier(i);
      RawExposure::Channel& channel = raw.channels[i];
      bad[i] = wholly_saturated(raw, i) || wholly_inside(amplifier, known);
      flag_channel(channel, amplifier.saturation, "SAT");
      flag_channel(channel, amplifier.suspect, "SUSPECT");
      if (bad[i]) mark_bad(raw, i);
      counts[i] = count_flagged(raw, i, channel.mask.bit("SAT"));
    }
  });
  std::int64_t total = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    total += counts[i];
    if (bad[i])
      context.log().warning("amplifier '" + raw.amplifier(i).name +
                            "' is marked BAD: it is saturated, or a defect, as a whole");
  }
  context.record(saturated, total);
  context.log().info(counted(static_cast<std::size_t>(total), "saturated pixel"));
  context.put(output, std::move(raw));
  return done;
}

}  // namespace isr

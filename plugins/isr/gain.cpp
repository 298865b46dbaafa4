#include "gain.hpp"

#include <cmath>
#include <string>
#include <utility>

#include "channels.hpp"
#include "row_arithmetic.hpp"

namespace isr {
using namespace almagest;

double apply_gain(Amplifier& amplifier) {
  double const gain = amplifier.gain;
  if (!(gain > 0.0) || !std::isfinite(gain)) return 0.0;
  amplifier.gain = 1.0;
  amplifier.further.try_emplace(applied_gain, 1.0).first->second *= gain;
  amplifier.saturation *= gain;
  amplifier.suspect *= gain;
  return gain;
}

Outcome Gain::run(Context& context) const {
  RawExposure raw = context.take(input);
  require_channels(raw);
  context.parallel_for(raw.channels.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      double const gain = apply_gain(raw.detector.amplifiers[i]);
      if (gain == 0.0) {
        mark_bad(raw, i);
        continue;
      }
      Image<float>& image = raw.channels[i].image;
      for (int y = 0; y < image.height(); ++y) multiply(image.row(y), static_cast<float>(gain));
    }
  });
  for (std::size_t i = 0; i < raw.channels.size(); ++i)
    if (double const gain = raw.amplifier(i).gain; gain != 1.0)
      context.log().warning("amplifier '" + raw.amplifier(i).name +
                            "' is marked BAD: its gain is " + std::to_string(gain));
  raw.metadata.set("BUNIT", std::string("electron"), "unit of the image");
  context.put(output, std::move(raw));
  return done;
}

}  // namespace isr

#include "one_pass.hpp"

#include <cstddef>
#include <utility>

#include "almagest/text.hpp"

#include "assembly.hpp"
#include "channels.hpp"
#include "gain.hpp"
#include "run_rows.hpp"
#include "saturation.hpp"

namespace isr {
using namespace almagest;

Outcome OnePass::run(Context& context) const {
  RawExposure raw = context.take(input);
  require_channels(raw);
  Defects const* const known = *saturation ? context.get(defects) : nullptr;
  std::vector<OverscanLevels> found(raw.channels.size());
  std::vector<char> dead(raw.channels.size());
  OverscanMethod const method = overscan.of(Lines::rows);
  context.parallel_for(found.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      Amplifier const& amplifier = raw.amplifier(i);
      dead[i] = wholly_bad(raw, i) || wholly_inside(amplifier, known) ||
                (*saturation && wholly_saturated(raw, i));
      if (dead[i]) continue;
      bool const limited = *saturation && amplifier.saturation == amplifier.saturation;
      found[i] = limited ? measure_overscan(raw, i, method, amplifier.saturation)
                         : measure_overscan(raw, i, method);
    }
  });
  require_levels(found, "serial");
  OverscanSummary const mean = record_overscan(found, Lines::rows, raw.metadata);

  Exposure exposure = frame_of(raw);
  Assembly assembly(raw, exposure.mask());
  for (std::size_t i = 0; i < found.size(); ++i) {
    Amplifier& amplifier = exposure.detector.amplifiers[i];
    if (*saturation) assembly.flag_saturation(i, amplifier.saturation, amplifier.suspect);
    double const factor = *gain ? apply_gain(amplifier) : 1.0;
    if (found[i].levels.empty() || !(factor > 0.0)) {
      assembly.mark_bad(i);
      context.log().warning("amplifier '" + amplifier.name +
                            "' is marked BAD: it is so as a whole, or has no usable overscan or "
                            "gain");
    }
    assembly.calibrate(i, found[i].levels, found[i].first, factor > 0.0 ? factor : 1.0);
  }
  if (*gain) exposure.metadata.set("BUNIT", std::string("electron"), "unit of the image");
  PixelPass pass(exposure.masked_image(), exposure.detector);
  pass.assemble(assembly);
  bias.add_to(pass, exposure, context);
  variance.add_to(pass, exposure, context);
  dark.add_to(pass, exposure, context);
  flat.add_to(pass, exposure, context);
  run_rows(context, exposure.bbox().height, [&](int first, int end) { pass.run(first, end); });
  context.record(level, mean.level);
  context.record(drift, mean.drift);
  context.record(noise, mean.noise);
  context.log().info("overscan " + fixed(mean.level, 3) + " adu, drift " + fixed(mean.drift, 3) +
                     ", noise " + fixed(mean.noise, 3));
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace isr

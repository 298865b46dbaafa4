#include "amp_offset.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "almagest/amplifier_view.hpp"
#include "almagest/text.hpp"

#include "good_pixels.hpp"
#include "smooth_sky.hpp"

namespace isr {
using namespace almagest;

/// The frame without its smooth sky; NaN where a pixel is ignored or a source stands.
Image<float> AmpOffset::bare_sky(Exposure const& exposure) const {
  MaskPixel const ignored = known_bits(exposure.mask(), *ignore);
  SkyAndLevels const fit = fit_sky_and_levels(exposure.image(), exposure.mask(), ignored,
                                              exposure.detector, *bin_size, *order);
  Exposure copy = exposure;
  fit.sky.subtract_from(copy.image());
  auto const limit = static_cast<float>(*threshold * fit.noise);
  std::vector<AmplifierView> const views = amplifier_views(copy, true);
  for (std::size_t a = 0; a < views.size(); ++a) {
    auto const level = static_cast<float>(fit.levels[a]);
    for (int y = 0; y < views[a].image.height(); ++y) {
      std::span<float> const row = views[a].image.row(y);
      std::span<MaskPixel const> const mask = views[a].mask.row(y);
      for (std::size_t x = 0; x < row.size(); ++x) {
        bool const sky = (mask[x] & ignored) == 0 && std::abs(row[x] - level) <= limit;
        row[x] = sky ? row[x] : std::numeric_limits<float>::quiet_NaN();
      }
    }
  }
  return copy.image();
}

std::vector<InterfaceStep> AmpOffset::steps(Exposure const& exposure, Context& context) const {
  Image<float> const sky = bare_sky(exposure);
  std::vector<InterfaceStep> valid;
  for (Interface const& interface : find_interfaces(exposure.detector, *width, *inset)) {
    auto const name = [&] {
      return "interface " + exposure.detector.amplifiers[interface.first].name + "|" +
             exposure.detector.amplifiers[interface.second].name;
    };
    std::optional<double> const step = interface_step(sky, interface, *window, *min_good);
    if (!step)
      context.log().info(name() + " is left out: too few good lines");
    else if (!(std::abs(*step) < *max_step))
      context.log().warning(name() + " is left out: a step of " + fixed(*step, 2));
    else
      valid.push_back({interface, *step});
  }
  return valid;
}

// ISR document 4.1, step 19.
Outcome AmpOffset::run(Context& context) const {
  Exposure exposure = context.take(input);
  std::vector<InterfaceStep> const measured = steps(exposure, context);
  std::vector<double> const levels = pedestals(exposure.detector.amplifiers.size(), measured);
  std::vector<AmplifierView> const views = amplifier_views(exposure, false);
  double most = 0.0;
  for (std::size_t a = 0; a < views.size(); ++a) {
    most = std::max(most, std::abs(levels[a]));
    auto const level = static_cast<float>(levels[a]);
    if (level == 0.0F) continue;
    for (int y = 0; y < views[a].image.height(); ++y)
      for (float& pixel : views[a].image.row(y)) pixel -= level;
  }
  context.record(largest, most);
  context.record(used, static_cast<std::int64_t>(measured.size()));
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace isr

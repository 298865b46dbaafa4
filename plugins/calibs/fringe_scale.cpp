#include "fringe_scale.hpp"

#include <string>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

namespace calibs {
namespace {
using namespace almagest;

/// Mean of a smooth sky over a frame, from an even grid of points.
double mean_over(Box const& frame, Background const& sky) {
  constexpr int along = 64;  // the mean is then good to 1e-4 of the sky's range
  double sum = 0.0;
  for (int j = 0; j < along; ++j)
    for (int i = 0; i < along; ++i)
      sum += sky({frame.x0 - 0.5 + frame.width * (i + 0.5) / along,
                  frame.y0 - 0.5 + frame.height * (j + 0.5) / along});
  return sum / (along * along);
}

}  // namespace

Outcome FringeScale::run(Context& context) const {
  Exposure exposure = context.take(input);
  double const level = mean_over(exposure.bbox(), context.get(sky));
  if (!(level > 0.0))
    throw DataError("the subtracted sky has a mean of " + fixed(level, 4) +
                    ": fringes are measured in units of the sky, which must be positive");
  auto const factor = static_cast<float>(1.0 / level);
  for (float& value : exposure.image().pixels()) value *= factor;
  for (float& value : exposure.variance().pixels()) value *= factor * factor;
  exposure.metadata.set("CALSCALE", level, "the frame was divided by this, its mean sky");
  exposure.metadata.set("BUNIT", std::string(), "relative to the sky");
  context.record(sky_level, level);
  context.log().info("divided by the sky of " + fixed(level, 3));
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace calibs

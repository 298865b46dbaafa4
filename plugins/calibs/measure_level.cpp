#include "measure_level.hpp"

#include <utility>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"
#include "almagest/text.hpp"

#include "frame_level.hpp"

namespace calibs {
using namespace almagest;

Outcome MeasureLevel::run(Context& context) const {
  Exposure exposure = context.take(input);
  double const mean = clipped_statistics(exposure.image(), exposure.mask(),
                                         exposure.mask().bits(*ignore), exposure.bbox())
                          .mean;
  if (!(mean > 0.0))
    throw DataError("the frame's level is " + fixed(mean, 3) + ": a flat must have light");
  exposure.metadata.set(level_card, mean, "clipped mean of the frame");
  context.record(level, mean);
  context.log().info("level " + fixed(mean, 3));
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace calibs

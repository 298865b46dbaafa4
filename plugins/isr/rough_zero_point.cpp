#include "rough_zero_point.hpp"

#include <cmath>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

namespace isr {
using namespace almagest;

Outcome RoughZeroPoint::run(Context& context) const {
  Exposure exposure = context.take(input);
  VisitInfo const& visit = exposure.visit_info;
  if (!(visit.exposure_time_s > 0.0))
    throw DataError("the exposure time is not known, which the rough zero point needs");
  auto found = flux_mag0->find(visit.physical_filter);
  if (found == flux_mag0->end()) found = flux_mag0->find(visit.band);
  if (found == flux_mag0->end()) found = flux_mag0->find("default");
  if (found == flux_mag0->end()) {
    context.log().warning("no rough zero point is known for filter '" + visit.physical_filter +
                          "' (band '" + visit.band + "')");
    context.put(output, std::move(exposure));
    return done;
  }
  PhotoCalib calib;
  calib.flux_mag0 = found->second * visit.exposure_time_s;
  exposure.photo_calib = calib;
  double const magnitude = 2.5 * std::log10(calib.flux_mag0);
  context.record(zero_point, magnitude);
  context.log().info("rough zero point " + fixed(magnitude, 3) + " mag");
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace isr

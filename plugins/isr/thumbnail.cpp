#include "thumbnail.hpp"

#include <span>
#include <utility>
#include <vector>

#include "almagest/statistics.hpp"

#include "good_pixels.hpp"
#include "grey_picture.hpp"

namespace isr {
using namespace almagest;

Outcome Thumbnail::run(Context& context) const {
  Exposure const& exposure = context.get(input);
  AsinhScale scale{0.0, *range, *q};
  std::vector<float> sky =
      good_values(exposure.image(), exposure.mask(), known_bits(exposure.mask(), *ignore));
  if (!sky.empty()) {
    double const median = quantile(std::span<float>(sky), 0.5);
    scale.minimum = median - *sigmas * clipped_statistics(sky).scatter;
  }
  Image<float> small = binned(exposure.image(), *bin);
  fill_flagged(small, binned(exposure.mask().image(), *bin), exposure.mask().bit("SAT"),
               *saturated_border);
  context.put(output, grey_picture(small, scale));
  return done;
}

}  // namespace isr

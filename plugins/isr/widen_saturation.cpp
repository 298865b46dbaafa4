#include "widen_saturation.hpp"

#include <cstddef>
#include <utility>

#include "almagest/error.hpp"

namespace isr {
using namespace almagest;

void WidenSaturation::prepare(Setup&) {
  if (lengths->size() != widths->size())
    throw ConfigError("parameters 'lengths' and 'widths' must have as many values, they have " +
                      std::to_string(lengths->size()) + " and " + std::to_string(widths->size()));
  rules_.clear();
  for (std::size_t i = 0; i < lengths->size(); ++i) {
    if (i > 0 && (*lengths)[i] <= (*lengths)[i - 1])
      throw ConfigError("parameter 'lengths' must be ascending");
    rules_.push_back({(*lengths)[i], (*widths)[i]});
  }
}

Outcome WidenSaturation::run(Context& context) const {
  Exposure exposure = context.take(input);
  std::int64_t const more = widen_runs(exposure.mask(), exposure.mask().bit(*plane), rules_);
  context.log().info(std::to_string(more) + " more pixels are " + *plane);
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace isr

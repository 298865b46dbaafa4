#include "defects.hpp"

#include <utility>

#include "mask_shapes.hpp"

namespace isr {
namespace {
using namespace almagest;

/// \returns how many
std::int64_t flag_nans(Exposure& exposure, Context& context) {
  MaskPixel const bit = exposure.mask().add_plane("UNMASKEDNAN");
  std::int64_t const count = flag_not_finite(exposure.masked_image(), bit);
  if (count > 0) context.log().info(std::to_string(count) + " pixels are NaN or infinite");
  return count;
}

}  // namespace

Outcome FlagDefects::run(Context& context) const {
  Exposure exposure = context.take(input);
  flag_boxes(exposure.mask(), context.get(defects).boxes, exposure.mask().bit("BAD"));
  context.record(not_finite, flag_nans(exposure, context));
  context.put(output, std::move(exposure));
  return done;
}

Outcome FlagNotFinite::run(Context& context) const {
  Exposure exposure = context.take(input);
  context.record(not_finite, flag_nans(exposure, context));
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace isr

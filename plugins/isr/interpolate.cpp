#include "interpolate.hpp"

#include <atomic>
#include <span>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"
#include "almagest/text.hpp"

#include "good_pixels.hpp"
#include "interpolate_rows.hpp"
#include "mask_shapes.hpp"
#include "run_rows.hpp"

namespace isr {
namespace {
using namespace almagest;

/// The clipped means of the good pixels.
/// \throws DataError when there are none
Fallback typical(Exposure const& exposure, MaskPixel bad) {
  std::vector<float> image = good_values(exposure.image(), exposure.mask(), bad);
  std::vector<float> variance = good_values(exposure.variance(), exposure.mask(), bad);
  if (image.empty() || variance.empty())
    throw DataError("no pixel is good, from which bad ones could be interpolated");
  return {static_cast<float>(clipped_statistics(image).mean),
          static_cast<float>(clipped_statistics(variance).mean)};
}

}  // namespace

Outcome Interpolate::run(Context& context) const {
  Exposure exposure = context.take(input);
  for (auto const& [plane, pixels] : *grow)
    if (exposure.mask().has(plane))
      grow_manhattan(exposure.mask(), exposure.mask().bit(plane), pixels);

  MaskPixel const bad = known_bits(exposure.mask(), *planes);
  MaskPixel const elsewhere = known_bits(exposure.mask(), {"NO_DATA"});
  Fallback const fallback = needs_fallback(exposure.masked_image(), bad)
                                ? typical(exposure, bad | elsewhere)
                                : Fallback{};
  MaskPixel const flag = exposure.mask().bit("INTRP");
  MaskedImage& pixels = exposure.masked_image();
  // Makes the planes this exposure's own before threads write to them.
  pixels.image.pixels(), pixels.variance.pixels(), pixels.mask.image().pixels();
  std::atomic<std::int64_t> count = 0;
  run_rows(context, exposure.bbox().height, [&](int first, int end) {
    count += interpolate_rows(pixels, bad, flag, fallback, weights_, first, end);
  });
  context.record(interpolated, count);
  context.log().info(counted(static_cast<std::size_t>(count), "pixel") + " interpolated");
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace isr

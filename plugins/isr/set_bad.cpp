#include "set_bad.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"
#include "almagest/text.hpp"

#include "good_pixels.hpp"

namespace isr {
namespace {
using namespace almagest;

/// \throws DataError when there is no good pixel
float median_of_good(Image<float> const& plane, Mask const& mask, MaskPixel bad) {
  std::vector<float> values = good_values(plane, mask, bad);
  if (values.empty()) throw DataError("no pixel is good, of which bad ones could take the median");
  return static_cast<float>(quantile(std::span<float>(values), 0.5));
}

}  // namespace

Outcome SetBad::run(Context& context) const {
  Exposure exposure = context.take(input);
  Mask const& mask = std::as_const(exposure).mask();
  MaskPixel const bad = mask.bits(*planes), interpolated = mask.bit("INTRP");
  auto const is_set = [&](MaskPixel pixel) {
    return (pixel & bad) != 0 && (pixel & interpolated) == 0;
  };
  std::span<MaskPixel const> const flags = mask.image().pixels();
  std::int64_t const count = std::ranges::count_if(flags, is_set);
  context.record(replaced, count);
  if (count > 0) {
    MaskPixel const ignored = known_bits(mask, *ignore) | bad;
    float const level = median_of_good(std::as_const(exposure).image(), mask, ignored);
    float const noise = median_of_good(std::as_const(exposure).variance(), mask, ignored);
    std::span<float> const image = exposure.image().pixels();
    std::span<float> const variance = exposure.variance().pixels();
    for (std::size_t i = 0; i < flags.size(); ++i) {
      if (!is_set(flags[i])) continue;
      image[i] = level;
      variance[i] = noise;
    }
    context.log().info(counted(static_cast<std::size_t>(count), "bad pixel") + " set to " +
                       fixed(level, 3));
  }
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace isr

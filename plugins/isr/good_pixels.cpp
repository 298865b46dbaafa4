#include "good_pixels.hpp"

#include <cmath>
#include <cstddef>
#include <span>

#include "almagest/error.hpp"

namespace isr {
using namespace almagest;

MaskPixel known_bits(Mask const& mask, std::vector<std::string> const& planes) {
  MaskPixel bits = 0;
  for (std::string const& plane : planes)
    if (mask.has(plane)) bits |= mask.bit(plane);
  return bits;
}

std::vector<float> good_values(Image<float> const& plane, Mask const& mask, MaskPixel bad) {
  std::span<float const> const pixels = plane.pixels();
  std::span<MaskPixel const> const flags = mask.image().pixels();
  if (pixels.size() != flags.size()) throw DataError("image and mask differ in size");
  std::vector<float> values(pixels.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    values[count] = pixels[i];  // overwritten by the next one unless counted
    count += static_cast<std::size_t>((flags[i] & bad) == 0 && std::isfinite(pixels[i]));
  }
  values.resize(count);
  return values;
}

}  // namespace isr

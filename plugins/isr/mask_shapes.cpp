#include "mask_shapes.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "row_arithmetic.hpp"

namespace isr {
using namespace almagest;

void flag_boxes(Mask& mask, std::span<Box const> boxes, MaskPixel bit) {
  for (Box const& box : boxes) {
    Box const part = intersection(box, mask.bbox());
    if (part.empty()) continue;
    for (int y = part.y0; y <= part.y1(); ++y) {
      MaskPixel* const row = &mask.image().at({part.x0, y});
      for (int x = 0; x < part.width; ++x) row[x] |= bit;
    }
  }
}

std::int64_t flag_not_finite(MaskedImage& frame, MaskPixel bit) {
  std::int64_t count = 0;
  MaskedImage const& seen = frame;
  for (int y = 0; y < frame.bbox().height; ++y) {
    std::span<float const> const image = seen.image.row(y);
    std::span<float const> const variance = seen.variance.empty() ? image : seen.variance.row(y);
    if (!any_not_finite(image) && !any_not_finite(variance)) continue;
    std::span<MaskPixel> const mask = frame.mask.image().row(y);
    for (std::size_t x = 0; x < image.size(); ++x) {
      if (std::isfinite(image[x]) && std::isfinite(variance[x])) continue;
      mask[x] |= bit;
      ++count;
    }
  }
  return count;
}

std::int64_t widen_runs(Mask& mask, MaskPixel bit, std::span<Widening const> rules) {
  std::int64_t count = 0;
  int const width = mask.width();
  for (int y = 0; y < mask.height(); ++y) {
    std::span<MaskPixel const> const row = std::as_const(mask).image().row(y);
    std::vector<std::pair<int, int>> parts;  // first pixel, end
    for (int x = 0; x < width; ++x) {
      if (!(row[static_cast<std::size_t>(x)] & bit)) continue;
      int const first = x;
      while (x < width && (row[static_cast<std::size_t>(x)] & bit)) ++x;
      int grow = 0;
      for (Widening const& rule : rules)
        if (x - first >= rule.shortest) grow = rule.grow;
      if (grow == 0) continue;
      parts.emplace_back(std::max(0, first - grow), first);
      parts.emplace_back(x, std::min(width, x + grow));
    }
    if (parts.empty()) continue;
    std::span<MaskPixel> const pixels = mask.image().row(y);
    for (auto const& [first, end] : parts)
      for (auto x = static_cast<std::size_t>(first); x < static_cast<std::size_t>(end); ++x) {
        count += (pixels[x] & bit) ? 0 : 1;
        pixels[x] |= bit;
      }
  }
  return count;
}

void grow_manhattan(Mask& mask, MaskPixel bit, int pixels) {
  if (pixels <= 0) return;
  std::vector<Pixel> seeds;
  for (int y = 0; y < mask.height(); ++y) {
    std::span<MaskPixel const> const row = std::as_const(mask).image().row(y);
    for (int x = 0; x < mask.width(); ++x)
      if (row[static_cast<std::size_t>(x)] & bit) seeds.push_back({x, y});
  }
  for (Pixel const seed : seeds)
    for (int dy = -pixels; dy <= pixels; ++dy) {
      int const y = seed.y + dy, reach = pixels - std::abs(dy);
      if (y < 0 || y >= mask.height()) continue;
      std::span<MaskPixel> const row = mask.image().row(y);
      for (int x = std::max(0, seed.x - reach); x <= std::min(mask.width() - 1, seed.x + reach);
           ++x)
        row[static_cast<std::size_t>(x)] |= bit;
    }
}

}  // namespace isr

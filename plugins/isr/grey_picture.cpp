#include "grey_picture.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace isr {
namespace {
using namespace almagest;

Box binned_box(Box const& box, int bin) noexcept {
  return {0, 0, (box.width + bin - 1) / bin, (box.height + bin - 1) / bin};
}

/// Pixels of an image that are connected with a flagged one, corners included.
std::vector<Pixel> region_of(Pixel seed, Image<MaskPixel> const& mask, MaskPixel bits,
                             Image<std::uint8_t>& seen) {
  std::vector<Pixel> region{seed};
  seen(seed.x, seed.y) = 1;
  for (std::size_t next = 0; next < region.size(); ++next) {
    Pixel const here = region[next];
    for (int y = std::max(0, here.y - 1); y <= std::min(mask.height() - 1, here.y + 1); ++y)
      for (int x = std::max(0, here.x - 1); x <= std::min(mask.width() - 1, here.x + 1); ++x) {
        if (seen(x, y) || !(mask(x, y) & bits)) continue;
        seen(x, y) = 1;
        region.push_back({x, y});
      }
  }
  return region;
}

/// The greatest value around a region; NaN when there is none.
float greatest_around(std::vector<Pixel> const& region, Image<float> const& image,
                      Image<MaskPixel> const& mask, MaskPixel bits, int border) {
  float greatest = std::numeric_limits<float>::quiet_NaN();
  for (Pixel const p : region)
    for (int y = std::max(0, p.y - border); y <= std::min(image.height() - 1, p.y + border); ++y)
      for (int x = std::max(0, p.x - border); x <= std::min(image.width() - 1, p.x + border); ++x)
        if (!(mask(x, y) & bits) && !(greatest >= image(x, y)) && std::isfinite(image(x, y)))
          greatest = image(x, y);
  return greatest;
}

}  // namespace

Image<float> binned(Image<float> const& image, int bin) {
  Image<float> means(binned_box(image.bbox(), bin));
  std::vector<double> sums;
  std::vector<int> counts;
  for (int row = 0; row < means.height(); ++row) {
    sums.assign(static_cast<std::size_t>(means.width()), 0.0);
    counts.assign(sums.size(), 0);
    for (int y = row * bin; y < std::min(image.height(), (row + 1) * bin); ++y) {
      std::span<float const> const pixels = image.row(y);
      for (std::size_t x = 0; x < pixels.size(); ++x) {
        if (!std::isfinite(pixels[x])) continue;
        sums[x / static_cast<std::size_t>(bin)] += pixels[x];
        ++counts[x / static_cast<std::size_t>(bin)];
      }
    }
    std::span<float> const out = means.row(row);
    for (std::size_t x = 0; x < out.size(); ++x)
      out[x] = counts[x] > 0 ? static_cast<float>(sums[x] / counts[x])
                             : std::numeric_limits<float>::quiet_NaN();
  }
  return means;
}

Image<MaskPixel> binned(Image<MaskPixel> const& mask, int bin) {
  Image<MaskPixel> joined(binned_box(mask.bbox(), bin));
  for (int y = 0; y < mask.height(); ++y) {
    std::span<MaskPixel const> const pixels = mask.row(y);
    std::span<MaskPixel> const out = joined.row(y / bin);
    for (std::size_t x = 0; x < pixels.size(); ++x)
      out[x / static_cast<std::size_t>(bin)] |= pixels[x];
  }
  return joined;
}

void fill_flagged(Image<float>& image, Image<MaskPixel> const& mask, MaskPixel bits, int border) {
  Image<std::uint8_t> seen(image.bbox());
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < image.width(); ++x) {
      if (seen(x, y) || !(mask(x, y) & bits)) continue;
      std::vector<Pixel> const region = region_of({x, y}, mask, bits, seen);
      float const value = greatest_around(region, image, mask, bits, border);
      if (std::isnan(value)) continue;
      for (Pixel const p : region) image(p.x, p.y) = value;
    }
}

Picture grey_picture(Image<float> const& image, AsinhScale const& scale) {
  constexpr double linear_part = 0.1, white = 255.0;
  double const slope = white * linear_part / std::asinh(linear_part * scale.q);
  Image<std::uint8_t> grey(Box{0, 0, image.width(), image.height()});
  std::span<std::uint8_t> const out = grey.pixels();
  std::span<float const> const pixels = image.pixels();
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    double const value = slope * std::asinh(scale.q * (pixels[i] - scale.minimum) / scale.range);
    out[i] = value > 0.0 ? static_cast<std::uint8_t>(std::min(value, white) + 0.5) : 0;
  }
  return {grey, grey, grey};
}

}  // namespace isr

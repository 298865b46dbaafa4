#include "symmetric_template.hpp"

#include <algorithm>
#include <limits>

namespace deblend {
namespace {
using namespace almagest;

/// The largest box inside `box` that is symmetric about a pixel of it.
Box symmetric_box(Box const& box, Pixel centre) noexcept {
  int const across = std::min(centre.x - box.x0, box.x1() - centre.x);
  int const up = std::min(centre.y - box.y0, box.y1() - centre.y);
  return Box::from_corners(centre.x - across, centre.y - up, centre.x + across, centre.y + up);
}

float symmetric_light(float a, float b) noexcept {
  // Written so that NaN fails every comparison.
  float const fainter = a < b ? a : b;
  return a > 0.0F && b > 0.0F && fainter <= std::numeric_limits<float>::max() ? fainter : 0.0F;
}

}  // namespace

Template cut(Template const& source, Box const& box) {
  Region region = source.region.cutout(intersection(source.region.bbox(), box));
  Box const bounds = bounds_of(region);
  if (bounds == source.region.bbox()) return source;
  return {source.image.cutout(bounds), region.cutout(bounds)};
}

Template symmetric_template(Image<float> const& image, Region const& region, Pixel peak) {
  if (!region.bbox().contains(peak) || region.at(peak) == 0) return {};
  Box const box = symmetric_box(region.bbox(), peak);
  Template result{Image<float>(box), Region(box)};
  float* const light = result.image.pixels().data();
  std::uint8_t* const kept = result.region.pixels().data();

  // The mirror image of pixel k of the box, counted row by row, is pixel last − k.
  std::ptrdiff_t const last = static_cast<std::ptrdiff_t>(box.area()) - 1;
  auto const offset = [](Box const& b, int x, int y) {
    return std::ptrdiff_t{y - b.y0} * b.width + (x - b.x0);
  };
  for (int y = box.y0; y <= peak.y; ++y) {
    int const mirror_y = 2 * peak.y - y, mirror_x = box.x1();
    std::uint8_t const* const in = region.pixels().data() + offset(region.bbox(), box.x0, y);
    std::uint8_t const* const mirrored_in =
        region.pixels().data() + offset(region.bbox(), mirror_x, mirror_y);
    float const* const from = image.pixels().data() + offset(image.bbox(), box.x0, y);
    float const* const mirrored_from =
        image.pixels().data() + offset(image.bbox(), mirror_x, mirror_y);
    std::ptrdiff_t const k = offset(box, box.x0, y);
    for (int x = 0; x < box.width; ++x) {
      if (in[x] == 0 || mirrored_in[-x] == 0) continue;
      kept[k + x] = kept[last - k - x] = 1;
      light[k + x] = light[last - k - x] = symmetric_light(from[x], mirrored_from[-x]);
    }
  }
  return cut(result, box);
}

}  // namespace deblend

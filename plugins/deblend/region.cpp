#include "region.hpp"

#include <algorithm>
#include <cmath>

namespace deblend {
namespace {
using namespace almagest;

/// Sets the pixels x0 … x1 of row y, as far as they are in the region's box.
void set_run(Box const& box, std::uint8_t* pixels, int y, int x0, int x1) noexcept {
  int const from = std::max(x0, box.x0), to = std::min(x1, box.x1());
  if (y < box.y0 || y > box.y1() || to < from) return;
  std::fill_n(pixels + std::ptrdiff_t{y - box.y0} * box.width + (from - box.x0), to - from + 1,
              std::uint8_t{1});
}

}  // namespace

Region region_of(Footprint const& footprint, Box const& box) {
  Region region(box);
  std::uint8_t* const pixels = region.pixels().data();
  for (Span const& span : footprint.spans()) set_run(box, pixels, span.y, span.x0, span.x1);
  return region;
}

Region dilated_region(Footprint const& footprint, int radius, Box const& box) {
  Region region(box);
  std::uint8_t* const pixels = region.pixels().data();
  Box const reach = box.grown(radius);
  for (Span const& span : footprint.spans()) {
    if (span.y < reach.y0 || span.y > reach.y1()) continue;
    for (int dy = -radius; dy <= radius; ++dy) {
      int const dx = static_cast<int>(std::sqrt(static_cast<double>(radius * radius - dy * dy)));
      set_run(box, pixels, span.y + dy, span.x0 - dx, span.x1 + dx);
    }
  }
  return region;
}

Region edge_of(Region const& region) {
  Region edge(region.bbox());
  int const width = region.width(), height = region.height();
  std::uint8_t* to = edge.pixels().data();
  std::uint8_t const* here = region.pixels().data();
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x, ++here, ++to) {
      if (*here == 0) continue;
      bool const inside = x > 0 && x < width - 1 && y > 0 && y < height - 1 && here[-1] != 0 &&
                          here[1] != 0 && here[-width] != 0 && here[width] != 0;
      *to = inside ? 0 : 1;
    }
  }
  return edge;
}

Box bounds_of(Region const& region) {
  Box const& box = region.bbox();
  int left = box.x1() + 1, right = box.x0 - 1, bottom = box.y1() + 1, top = box.y0 - 1;
  for (Span const& span : spans_of(region)) {
    left = std::min(left, span.x0);
    right = std::max(right, span.x1);
    bottom = std::min(bottom, span.y);
    top = span.y;
  }
  Box const bounds = Box::from_corners(left, bottom, right, top);
  return bounds.empty() ? Box{box.x0, box.y0, 0, 0} : bounds;
}

std::vector<Span> spans_of(Region const& region) {
  std::vector<Span> spans;
  Box const& box = region.bbox();
  for (int y = 0; y < box.height; ++y) {
    auto const row = region.row(y);
    for (auto from = row.begin(); from != row.end();) {
      from = std::find(from, row.end(), std::uint8_t{1});
      if (from == row.end()) break;
      auto const end = std::find(from, row.end(), std::uint8_t{0});
      spans.push_back({box.y0 + y, box.x0 + static_cast<int>(from - row.begin()),
                       box.x0 + static_cast<int>(end - row.begin()) - 1});
      from = end;
    }
  }
  return spans;
}

}  // namespace deblend

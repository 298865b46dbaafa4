#include "almagest/footprint.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "almagest/error.hpp"

namespace almagest {
namespace {

/// Sorts the spans, drops empty ones and joins those of a row that overlap or touch.
std::vector<Span> normalised(std::vector<Span> spans) {
  std::erase_if(spans, [](Span const& s) { return s.x1 < s.x0; });
  std::ranges::sort(spans, {}, [](Span const& s) { return std::tuple(s.y, s.x0, s.x1); });
  std::size_t last = 0;
  for (std::size_t i = 1; i < spans.size(); ++i) {
    Span const& span = spans[i];
    bool const joined = span.y == spans[last].y && span.x0 <= spans[last].x1 + 1;
    if (joined)
      spans[last].x1 = std::max(spans[last].x1, span.x1);
    else
      spans[++last] = span;
  }
  if (!spans.empty()) spans.resize(last + 1);
  return spans;
}

}  // namespace

Footprint::Footprint(std::vector<Span> spans, std::vector<Peak> peaks)
    : spans_(normalised(std::move(spans))), peaks_(std::move(peaks)) {
  if (spans_.empty()) return;
  int left = spans_.front().x0;
  int right = spans_.front().x1;
  for (Span const& s : spans_) {
    left = std::min(left, s.x0);
    right = std::max(right, s.x1);
    area_ += std::int64_t{s.x1} - s.x0 + 1;
  }
  box_ = Box::from_corners(left, spans_.front().y, right, spans_.back().y);
}

void Footprint::set_values(std::vector<float> values) {
  if (static_cast<std::int64_t>(values.size()) != area_)
    throw DataError("a footprint of " + std::to_string(area_) + " pixels cannot have " +
                    std::to_string(values.size()) + " values");
  values_ = std::move(values);
}

bool Footprint::contains(Pixel pixel) const noexcept {
  // The last span that begins at or before the pixel.
  auto const after = std::ranges::upper_bound(spans_, std::pair(pixel.y, pixel.x), {},
                                              [](Span const& s) { return std::pair(s.y, s.x0); });
  if (after == spans_.begin()) return false;
  Span const& span = *std::prev(after);
  return span.y == pixel.y && pixel.x <= span.x1;
}

void FootprintSet::set_in(Mask& mask, MaskPixel bits) const {
  Box const& box_of_mask = mask.bbox();
  if (box_of_mask.empty()) return;
  for (Footprint const& footprint : footprints) {
    for (Span const& span : footprint.spans()) {
      if (span.y < box_of_mask.y0 || span.y > box_of_mask.y1()) continue;
      auto const row = mask.image().row(span.y - box_of_mask.y0);
      int const end = std::min(span.x1, box_of_mask.x1());
      for (int x = std::max(span.x0, box_of_mask.x0); x <= end; ++x)
        row[static_cast<std::size_t>(x - box_of_mask.x0)] |= bits;
    }
  }
}

}  // namespace almagest

#include "mask_bits.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

#include "almagest/error.hpp"

namespace measurement {
namespace {
using namespace almagest;

MaskPixel bits_under(Mask const& mask, Span const& span) {
  Box const& box = mask.bbox();
  if (span.y < box.y0 || span.y > box.y1()) return 0;
  int const x0 = std::max(span.x0, box.x0), x1 = std::min(span.x1, box.x1());
  std::span<MaskPixel const> const row = mask.image().row(span.y - box.y0);
  MaskPixel bits = 0;
  for (int x = x0; x <= x1; ++x) bits |= row[static_cast<std::size_t>(x - box.x0)];
  return bits;
}

}  // namespace

MaskPixel bits_in(Mask const& mask, Footprint const& footprint) {
  MaskPixel bits = 0;
  for (Span const& span : footprint.spans()) bits |= bits_under(mask, span);
  return bits;
}

MaskPixel bits_in(Mask const& mask, Box const& box) {
  MaskPixel bits = 0;
  for (int y = box.y0; y <= box.y1(); ++y) bits |= bits_under(mask, {y, box.x0, box.x1()});
  return bits;
}

MaskPixel bits_of(Mask const& mask, std::vector<std::string> const& planes) {
  try {
    return mask.bits(planes);
  } catch (DataError const& error) {
    throw ConfigError(error.what());
  }
}

}  // namespace measurement

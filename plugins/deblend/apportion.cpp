#include "apportion.hpp"

#include <algorithm>
#include <cstddef>

namespace deblend {
namespace {
using namespace almagest;

/// Σ max(0, template) in the pixels of `box`.
Image<float> sum_of(std::span<Claim const> claims, Box const& box) {
  Image<float> sum(box);
  float* const pixels = sum.pixels().data();
  for (Claim const& claim : claims) {
    Box const& own = claim.image.bbox();
    Box const common = intersection(own, box);
    for (int y = common.y0; y <= common.y1(); ++y) {
      float const* const from = claim.image.row(y - own.y0).data() + (common.x0 - own.x0);
      float* const to = pixels + std::ptrdiff_t{y - box.y0} * box.width + (common.x0 - box.x0);
      for (int x = 0; x < common.width; ++x) to[x] += std::max(from[x], 0.0F);
    }
  }
  return sum;
}

std::vector<float> share(Image<float> const& image, Image<float> const& sum, Claim const& claim) {
  std::vector<float> values;
  for (Span const& span : claim.spans) {
    for (int x = span.x0; x <= span.x1; ++x) {
      Pixel const pixel{x, span.y};
      float const mine = claim.image.at(pixel);
      // Where somebody claims light, the sum is positive.
      bool const claimed = mine > 0.0F && sum.bbox().contains(pixel);
      double const fraction = claimed ? double{mine} / sum.at(pixel) : 0.0;
      values.push_back(claimed ? static_cast<float>(image.at(pixel) * fraction) : 0.0F);
    }
  }
  return values;
}

}  // namespace

std::vector<std::vector<float>> apportion(Image<float> const& image, Box const& box,
                                          std::span<Claim const> claims) {
  Image<float> const sum = sum_of(claims, box);
  std::vector<std::vector<float>> shares;
  shares.reserve(claims.size());
  for (Claim const& claim : claims) shares.push_back(share(image, sum, claim));
  return shares;
}

}  // namespace deblend

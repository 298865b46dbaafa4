#include "fill.hpp"

#include <cmath>
#include <optional>
#include <utility>

namespace repair {
namespace {
using namespace almagest;

struct Estimate {
  double value, variance;
  int gap;  // between the two good pixels
};

class Filler {
 public:
  Filler(MaskedImage const& frame, PixelSet const& bad, MaskPixel avoid)
      : image_(frame.image),
        variance_(frame.variance),
        mask_(frame.mask.image()),
        bad_(bad),
        avoid_(avoid) {}

  std::optional<Estimate> estimate(Pixel p) const {
    auto const along_row = line(p, 1, 0), along_column = line(p, 0, 1);
    if (!along_row || !along_column) return along_row ? along_row : along_column;
    if (along_row->gap != along_column->gap)
      return along_row->gap < along_column->gap ? along_row : along_column;
    return Estimate{0.5 * (along_row->value + along_column->value),
                    0.25 * (along_row->variance + along_column->variance), along_row->gap};
  }

 private:
  bool inside(int x, int y) const noexcept {
    return x >= 0 && y >= 0 && x < image_.width() && y < image_.height();
  }

  /// How many steps away is the first good pixel; 0 = none within reach.
  int steps(Pixel p, int dx, int dy) const {
    for (int n = 1; n <= fill_reach; ++n) {
      int const x = p.x + n * dx, y = p.y + n * dy;
      if (!inside(x, y)) return 0;
      if (!bad_.contains(x, y) && (mask_(x, y) & avoid_) == 0 && std::isfinite(image_(x, y)))
        return n;
    }
    return 0;
  }

  std::optional<Estimate> line(Pixel p, int dx, int dy) const {
    int const back = steps(p, -dx, -dy), forth = steps(p, dx, dy);
    if (back == 0 && forth == 0) return std::nullopt;
    auto const value = [&](int n) { return double{image_(p.x + n * dx, p.y + n * dy)}; };
    auto const variance = [&](int n) { return double{variance_(p.x + n * dx, p.y + n * dy)}; };
    if (back == 0 || forth == 0) {
      int const only = back == 0 ? forth : -back;
      return Estimate{value(only), variance(only), 2 * std::abs(only)};
    }
    double const w = static_cast<double>(back) / (back + forth);  // of the pixel ahead
    return Estimate{(1.0 - w) * value(-back) + w * value(forth),
                    (1.0 - w) * (1.0 - w) * variance(-back) + w * w * variance(forth),
                    back + forth};
  }

  Image<float> const& image_;
  Image<float> const& variance_;
  Image<MaskPixel> const& mask_;
  PixelSet const& bad_;
  MaskPixel avoid_;
};

}  // namespace

std::vector<Pixel> fill(MaskedImage& frame, std::span<Pixel const> pixels, PixelSet const& bad,
                        MaskPixel avoid) {
  Filler const filler(frame, bad, avoid);
  std::vector<Pixel> left;
  for (Pixel const p : pixels) {
    auto const estimate = filler.estimate(p);  // looks at no pixel that is replaced
    if (!estimate) {
      left.push_back(p);
      continue;
    }
    frame.image(p.x, p.y) = static_cast<float>(estimate->value);
    frame.variance(p.x, p.y) = static_cast<float>(estimate->variance);
  }
  return left;
}

}  // namespace repair

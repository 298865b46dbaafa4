#include "monotonic.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>
#include <vector>

using namespace almagest;

namespace {

/// The rule as the science document words it (section 5 step 4, section 10 item 17), pixel by
/// pixel.
Image<float> by_the_book(Image<float> image, Pixel peak) {
  Box const box = image.bbox();
  auto const lower = [&](int x, int y, float caster) {
    if (box.contains(x, y)) image.at({x, y}) = std::min(image.at({x, y}), caster);
  };
  for (int start = 0; start < 60; start += 5) {
    Image<float> const before = image;
    for (int ring = start; ring < start + 5; ++ring) {
      for (int y = -ring; y <= ring; ++y)
        for (int x = -ring; x <= ring; ++x) {
          if (ring == 0 || std::max(std::abs(x), std::abs(y)) != ring) continue;
          if (!box.contains(peak.x + x, peak.y + y)) continue;
          float const caster = before.at({peak.x + x, peak.y + y});
          // Corners: lower right to the right side, upper right to the top, and so on.
          bool const vertical = (x == ring && y < ring) || (x == -ring && y > -ring);
          double const slope = vertical ? double(y) / x : double(x) / y;
          double const low = slope - 0.3, high = low + 0.6;
          int const sign = (vertical ? x : y) > 0 ? 1 : -1;
          for (int a = 1; a <= 5; ++a)
            for (long b = std::lround(a * low); b <= std::lround(a * high); ++b) {
              int const out = sign * a, along = sign * static_cast<int>(b);
              lower(peak.x + x + (vertical ? out : along), peak.y + y + (vertical ? along : out),
                    caster);
            }
        }
    }
  }
  return image;
}

}  // namespace

TEST_CASE("monotonic: an image that falls outwards stays as it is") {
  Image<float> image(Box{10, 20, 41, 31});
  Pixel const peak{28, 33};
  for (int y = 20; y <= 50; ++y)
    for (int x = 10; x <= 50; ++x)
      image.at({x, y}) = static_cast<float>(
          100.0 * std::exp(-0.02 * (std::pow(x - peak.x, 2) + std::pow(y - peak.y, 2))));
  Image<float> const before = image;
  deblend::make_monotonic(image, peak);
  CHECK(std::ranges::equal(std::as_const(image).pixels(), before.pixels()));
}

TEST_CASE("monotonic: what lies behind a gap is cut down to the gap") {
  Image<float> image(Box{0, 0, 31, 31});
  for (float& value : image.pixels()) value = 5.0F;
  Pixel const peak{15, 15};
  for (int y = 0; y < 31; ++y) image(18, y) = 1.0F;
  image(25, 15) = 50.0F;
  deblend::make_monotonic(image, peak);
  CHECK(image(17, 15) == 5.0F);
  for (int x = 18; x < 31; ++x) CHECK(image(x, 15) == 1.0F);
  CHECK(image(5, 15) == 5.0F);
}

TEST_CASE("monotonic: any image, any peak, pixel by pixel as the document words it") {
  std::mt19937 generator(5);
  std::uniform_real_distribution<float> uniform(0.0F, 10.0F);
  for (Pixel const peak : {Pixel{-3, 7}, Pixel{-20, 0}, Pixel{12, 28}, Pixel{2, 15}}) {
    Image<float> image(Box{-20, 0, 33, 29});
    for (float& value : image.pixels()) value = uniform(generator);
    Image<float> const expected = by_the_book(image, peak);
    deblend::make_monotonic(image, peak);
    CHECK(std::ranges::equal(std::as_const(image).pixels(), expected.pixels()));
  }
}

#include "fill.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace almagest;
using repair::PixelSet;

namespace {

/// 3x + 2y, with variance 8.
MaskedImage plane(int width, int height) {
  MaskedImage frame(Box{0, 0, width, height});
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      frame.image(x, y) = static_cast<float>(3 * x + 2 * y);
      frame.variance(x, y) = 8.0F;
    }
  return frame;
}

struct Track {
  std::vector<Pixel> pixels;
  PixelSet set;
  Track(std::vector<Pixel> of, int width, int height) : pixels(std::move(of)), set(width, height) {
    for (Pixel const p : pixels) set.insert(p.x, p.y);
  }
};

}  // namespace

TEST_CASE("fill: a track on a slope is replaced by the slope, across its narrow side") {
  MaskedImage frame = plane(20, 10);
  std::vector<Pixel> pixels;
  for (int x = 2; x < 18; ++x)
    for (int y = 4; y < 6; ++y) pixels.push_back({x, y});
  for (Pixel const p : pixels) frame.image(p.x, p.y) = 1e4F;
  Track const track(pixels, 20, 10);
  CHECK(repair::fill(frame, track.pixels, track.set, 0).empty());
  for (Pixel const p : pixels) CHECK(frame.image(p.x, p.y) == doctest::Approx(3 * p.x + 2 * p.y));
  // Weights 2/3 and 1/3 of two pixels with variance 8: 8·5/9.
  CHECK(frame.variance(9, 4) == doctest::Approx(40.0 / 9.0));
}

TEST_CASE("fill: a lone pixel is the mean of its four neighbours, of a quarter of their variance") {
  MaskedImage frame = plane(5, 5);
  frame.image(2, 2) = 1e4F;
  frame.image(2, 3) += 4.0F;
  Track const track({{2, 2}}, 5, 5);
  repair::fill(frame, track.pixels, track.set, 0);
  CHECK(frame.image(2, 2) == doctest::Approx(3 * 2 + 2 * 2 + 1.0));
  CHECK(frame.variance(2, 2) == doctest::Approx(2.0));
}

TEST_CASE("fill: masked and NaN pixels give nothing; at the edge one side is enough") {
  MaskedImage frame = plane(6, 1);
  frame.image(0, 0) = 1e4F;
  frame.image(1, 0) = std::numeric_limits<float>::quiet_NaN();
  frame.mask.image()(2, 0) = frame.mask.bit("BAD");
  Track const track({{0, 0}}, 6, 1);
  CHECK(repair::fill(frame, track.pixels, track.set, frame.mask.bit("BAD")).empty());
  CHECK(frame.image(0, 0) == 9.0F);
  CHECK(frame.variance(0, 0) == 8.0F);
}

TEST_CASE("fill: what has no good pixel around is left and told") {
  MaskedImage frame = plane(3, 1);
  Track const track({{0, 0}, {1, 0}, {2, 0}}, 3, 1);
  CHECK(repair::fill(frame, track.pixels, track.set, 0).size() == 3);
  CHECK(frame.image(2, 0) == 6.0F);
}

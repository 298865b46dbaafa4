#include "median.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace almagest;

namespace {

Image<float> random_image(int width, int height) {
  Image<float> image(width, height);
  std::mt19937 generator(3);
  std::uniform_real_distribution<float> uniform(-1.0F, 4.0F);
  for (float& value : image.pixels()) value = std::max(0.0F, uniform(generator));
  return image;
}

float median_around(Image<float> const& image, int x, int y) {
  std::vector<float> values;
  for (int v = y - 2; v <= y + 2; ++v)
    for (int u = x - 2; u <= x + 2; ++u) values.push_back(image(u, v));
  std::ranges::nth_element(values, values.begin() + 12);
  return values[12];
}

}  // namespace

TEST_CASE("median: each pixel gets the 13th of its 25 neighbours, sorting says so") {
  for (int width = 5; width <= 12; ++width) {
    Image<float> const before = random_image(width, 9);
    for (bool const last_column_too : {true, false}) {
      Image<float> after = before;
      deblend::median_filter(after, last_column_too);
      int const end = width - 2 - (last_column_too ? 0 : 1);
      for (int y = 0; y < 9; ++y)
        for (int x = 0; x < width; ++x) {
          bool const inner = x >= 2 && x < end && y >= 2 && y < 7;
          CHECK(after(x, y) == (inner ? median_around(before, x, y) : before(x, y)));
        }
    }
  }
}

TEST_CASE("median: an image of less than 5 pixels either way stays as it is") {
  Image<float> const before = random_image(4, 20);
  Image<float> after = before;
  deblend::median_filter(after, true);
  CHECK(std::ranges::equal(after.pixels(), before.pixels()));
}

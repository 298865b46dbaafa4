#include "runs.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <random>
#include <set>

using namespace almagest;
using namespace detection;

namespace {

std::int64_t area(Runs const& runs) {
  std::int64_t sum = 0;
  for (Span const& run : runs) sum += run.x1 - run.x0 + 1;
  return sum;
}

/// A random image of zeros and ones.
Image<float> speckles(int width, int height, double density, unsigned seed) {
  Image<float> image(width, height);
  std::mt19937 generator(seed);
  for (float& value : image.pixels()) value = generator() < density * 4294967296.0 ? 1.0F : 0.0F;
  return image;
}

/// The rule of science document section 3, written pixel by pixel over a whole label image.
std::vector<int> labels_by_scan(Image<float> const& image, int& count) {
  int const w = image.width(), h = image.height();
  std::vector<int> label(static_cast<std::size_t>((w + 2) * (h + 2)), 0);
  auto const at = [&](int x, int y) -> int& {
    return label[static_cast<std::size_t>((y + 1) * (w + 2) + x + 1)];
  };
  std::vector<int> alias{0};
  std::function<int(int)> const root = [&](int l) {
    return alias[std::size_t(l)] == l ? l : root(alias[std::size_t(l)]);
  };
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x) {
      if (image(x, y) == 0.0F) continue;
      int l = at(x - 1, y);
      for (int dx = -1; dx <= 1 && l == 0; ++dx) l = at(x + dx, y - 1);
      if (l == 0) alias.push_back(l = static_cast<int>(alias.size()));
      int const lower_right = at(x + 1, y - 1);
      if (lower_right != 0 && lower_right != l) {
        alias[std::size_t(root(lower_right))] = root(l);
        l = lower_right;
      }
      at(x, y) = l;
    }
  std::set<int> roots;
  for (int& l : label)
    if (l != 0) roots.insert(l = root(l));
  count = static_cast<int>(roots.size());
  std::vector<int> result;
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x)
      result.push_back(at(x, y) == 0
                           ? -1
                           : static_cast<int>(std::distance(roots.begin(), roots.find(at(x, y)))));
  return result;
}

}  // namespace

TEST_CASE("runs: pixels beyond a threshold, on either side of the sky") {
  Image<float> image(Box{10, 20, 40, 3});
  image.at({10, 20}) = 5.0F;
  image.at({30, 21}) = image.at({31, 21}) = 7.0F;
  image.at({49, 22}) = -6.0F;
  image.at({35, 21}) = std::numeric_limits<float>::quiet_NaN();
  CHECK(runs_beyond(image, 5.0, Polarity::positive) == Runs{{20, 10, 10}, {21, 30, 31}});
  CHECK(runs_beyond(image, 5.0, Polarity::negative) == Runs{{22, 49, 49}});
  CHECK(runs_beyond(image, 5.0001, Polarity::positive) == Runs{{21, 30, 31}});
}

TEST_CASE("runs: a run longer than a block of pixels stays whole") {
  Image<float> image(100, 1);
  for (int x = 3; x < 97; ++x) image(x, 0) = 1.0F;
  CHECK(runs_beyond(image, 0.5, Polarity::positive) == Runs{{0, 3, 96}});
}

TEST_CASE("runs: a mask's planes") {
  Mask mask(Box{0, 0, 33, 2});
  mask.image()(32, 0) = mask.bit("SAT");
  mask.image()(0, 1) = mask.bit("BAD");
  mask.image()(1, 1) = mask.bit("CR");
  CHECK(masked_runs(mask, mask.bits({"SAT", "BAD"})) == Runs{{0, 32, 32}, {1, 0, 0}});
}

TEST_CASE("runs: one pixel grows to a diamond or a square, clipped to the image") {
  Runs const pixel{{50, 50, 50}};
  Box const image{0, 0, 100, 100};
  for (int n = 0; n < 5; ++n) {
    CHECK(area(grown(pixel, n, Element::diamond, image)) == 2 * n * (n + 1) + 1);
    CHECK(area(grown(pixel, n, Element::square, image)) == (2 * n + 1) * (2 * n + 1));
  }
  CHECK(grown(Runs{{0, 0, 0}}, 1, Element::diamond, image) == Runs{{0, 0, 1}, {1, 0, 0}});
  CHECK(grown(Runs{{0, 0, 0}}, 1, Element::square, Box{5, 5, 10, 10}).empty());
}

TEST_CASE("runs: what grows together becomes one run") {
  Box const image{0, 0, 100, 100};
  CHECK(grown(Runs{{5, 10, 10}, {5, 13, 13}}, 1, Element::diamond, image)[2] == Span{5, 9, 14});
  Image<float> const specks = speckles(80, 60, 0.02, 3);
  Runs const runs = runs_beyond(specks, 0.5, Polarity::positive);
  Runs const wide = grown(runs, 3, Element::diamond, specks.bbox());
  // Against the definition, pixel by pixel.
  for (int y = 0; y < 60; ++y)
    for (int x = 0; x < 80; ++x) {
      bool inside = false;
      for (Span const& run : runs)
        for (int u = run.x0; u <= run.x1; ++u)
          inside = inside || std::abs(u - x) + std::abs(run.y - y) <= 3;
      CHECK((find_run(wide, {x, y}) >= 0) == inside);
    }
}

TEST_CASE("groups: 8-connected, in the order of the raster scan's root labels") {
  for (unsigned seed = 1; seed <= 40; ++seed) {
    // Densities around the point where everything joins: many aliases.
    Image<float> const image = speckles(37, 29, 0.15 + 0.01 * seed, seed);
    Runs const runs = runs_beyond(image, 0.5, Polarity::positive);
    Groups const groups = connected_groups(runs);
    int count = 0;
    std::vector<int> const expected = labels_by_scan(image, count);
    REQUIRE(groups.count == count);
    for (std::size_t i = 0; i < runs.size(); ++i)
      for (int x = runs[i].x0; x <= runs[i].x1; ++x)
        REQUIRE(groups.of_run[i] == expected[std::size_t(runs[i].y * 37 + x)]);
  }
}

TEST_CASE("groups: an empty row divides, nothing gives nothing") {
  CHECK(connected_groups(Runs{{1, 5, 9}, {3, 5, 9}}).count == 2);
  CHECK(connected_groups(Runs{{1, 5, 9}, {2, 10, 12}}).count == 1);  // by a corner
  CHECK(connected_groups(Runs{}).count == 0);
}

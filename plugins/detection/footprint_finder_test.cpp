#include "footprint_finder.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace almagest;
using namespace detection;

namespace {

void add_gaussian(Image<float>& image, double x, double y, double peak, double sigma) {
  for (int v = 0; v < image.height(); ++v)
    for (int u = 0; u < image.width(); ++u)
      image(u, v) += static_cast<float>(
          peak * std::exp(-0.5 * ((u - x) * (u - x) + (v - y) * (v - y)) / (sigma * sigma)));
}

}  // namespace

TEST_CASE("footprints: two blended sources are one footprint with two peaks, brighter first") {
  Image<float> image(60, 40);
  add_gaussian(image, 20, 20, 50.0, 2.0);
  add_gaussian(image, 28, 21, 80.0, 2.0);
  FootprintOptions const options{5.0, 1.0, 2, Polarity::positive};
  FootprintSet const set = find_footprints(image, image.bbox(), options);
  REQUIRE(set.footprints.size() == 1);
  auto const& peaks = set.footprints[0].peaks();
  REQUIRE(peaks.size() == 2);
  CHECK(peaks[0].pixel == Pixel{28, 21});
  CHECK(peaks[1].pixel == Pixel{20, 20});
  CHECK(peaks[0].value == image(28, 21));
}

TEST_CASE("footprints: the multiplier keeps a footprint whole, or drops it whole") {
  Image<float> image(80, 40);
  add_gaussian(image, 20, 20, 9.0, 2.0);
  add_gaussian(image, 60, 20, 90.0, 2.0);
  FootprintSet const all = find_footprints(image, image.bbox(), {5.0, 1.0, 0, Polarity::positive});
  FootprintSet const bright =
      find_footprints(image, image.bbox(), {5.0, 10.0, 0, Polarity::positive});
  REQUIRE(all.footprints.size() == 2);
  REQUIRE(bright.footprints.size() == 1);
  CHECK(bright.footprints[0] == all.footprints[0]);  // the bright one reaches farther down
  // Pixels with 90 exp(−r²/8) ≥ 5: r² ≤ 8 ln 18 = 23.12.
  std::int64_t expected = 0;
  for (int y = -5; y <= 5; ++y)
    for (int x = -5; x <= 5; ++x) expected += x * x + y * y <= 23;
  CHECK(bright.footprints[0].area() == expected);
}

TEST_CASE("footprints: those that grow together are one, with the peaks of both") {
  Image<float> image(60, 40);
  image(20, 20) = image(25, 20) = 10.0F;
  auto const count = [&](int grow) {
    return find_footprints(image, image.bbox(), {5.0, 1.0, grow, Polarity::positive})
        .footprints.size();
  };
  CHECK(count(1) == 2);  // 19..21 and 24..26
  CHECK(count(2) == 1);  // 18..22 and 23..27: they touch
}

TEST_CASE("footprints: without a local maximum the highest pixel is the peak") {
  Image<float> image(10, 10);
  image(0, 4) = 9.0F;  // on the outermost ring
  FootprintSet const set = find_footprints(image, image.bbox(), {5.0, 1.0, 1, Polarity::positive});
  REQUIRE(set.footprints.size() == 1);
  CHECK(set.footprints[0].peaks() == std::vector<Peak>{{{0, 4}, 9.0F}});
  CHECK(set.footprints[0].area() == 4);  // a diamond cut by the side
}

TEST_CASE("footprints: equal neighbours are both peaks") {
  Image<float> image(20, 20);
  image(10, 10) = image(11, 10) = 8.0F;
  FootprintSet const set = find_footprints(image, image.bbox(), {5.0, 1.0, 0, Polarity::positive});
  REQUIRE(set.footprints.size() == 1);
  CHECK(set.footprints[0].peaks().size() == 2);
}

TEST_CASE("footprints: holes have peaks too") {
  Image<float> image(Box{100, 200, 40, 40});
  image.at({120, 215}) = -20.0F;
  image.at({121, 215}) = -10.0F;
  FootprintSet const set = find_footprints(image, image.bbox(), {5.0, 1.0, 0, Polarity::negative});
  REQUIRE(set.footprints.size() == 1);
  CHECK(set.footprints[0].peaks() == std::vector<Peak>{{{120, 215}, -20.0F}});
}

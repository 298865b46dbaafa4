#include "apportion.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace almagest;
using deblend::Claim;

namespace {

Image<float> row_of(int x0, std::vector<float> const& values) {
  Image<float> image(Box{x0, 0, static_cast<int>(values.size()), 1});
  for (std::size_t k = 0; k < values.size(); ++k) image(static_cast<int>(k), 0) = values[k];
  return image;
}

}  // namespace

TEST_CASE("apportion: light is shared in proportion to templates, and all of it is given away") {
  Image<float> const image = row_of(0, {8, 12, -6, 10, 7});
  std::vector<Claim> const claims{{row_of(0, {1, 1, 2, 0}), {{0, 0, 3}}},
                                  {row_of(1, {3, 1, 5}), {{0, 1, 3}}}};
  auto const shares = deblend::apportion(image, image.bbox(), claims);
  CHECK(shares[0] == std::vector<float>{8, 3, -4, 0});
  CHECK(shares[1] == std::vector<float>{9, -2, 10});
}

TEST_CASE("apportion: a negative template claims nothing, nor does one outside its pixels get") {
  Image<float> const image = row_of(0, {8, 8, 8});
  std::vector<Claim> const claims{{row_of(0, {-3, 1, 1}), {{0, 0, 1}}},
                                  {row_of(0, {2, 1, 1}), {{0, 0, 2}}},
                                  {row_of(0, {0, 0, 0}), {}}};
  auto const shares = deblend::apportion(image, image.bbox(), claims);
  CHECK(shares[0] == std::vector<float>{0, 4});
  CHECK(shares[1] == std::vector<float>{8, 4, 4});
  CHECK(shares[2].empty());
}

TEST_CASE("apportion: nothing is shared outside the box, and NaN goes to those who claim it") {
  float const nan = std::numeric_limits<float>::quiet_NaN();
  Image<float> const image = row_of(0, {8, nan, 8});
  std::vector<Claim> const claims{{row_of(0, {1, 1, 1}), {{0, 0, 2}}},
                                  {row_of(0, {1, 0, 1}), {{0, 0, 2}}}};
  auto const shares = deblend::apportion(image, {0, 0, 2, 1}, claims);
  CHECK(shares[0][0] == 4.0F);
  CHECK(std::isnan(shares[0][1]));
  CHECK(shares[0][2] == 0.0F);
  CHECK(shares[1] == std::vector<float>{4, 0, 0});
}

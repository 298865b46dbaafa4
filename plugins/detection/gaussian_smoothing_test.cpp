#include "gaussian_smoothing.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

using namespace almagest;
using namespace detection;

namespace {

Image<float> smoothed(Image<float> const& image, std::vector<double> const& taps) {
  Image<float> result(smoothed_box(image.bbox(), static_cast<int>(taps.size())));
  smooth_rows(image, taps, 0, result.height(), result);
  return result;
}

Image<float> noise(int width, int height) {
  Image<float> image(width, height);
  std::mt19937 generator(11);
  std::normal_distribution<double> normal;
  for (float& value : image.pixels()) value = static_cast<float>(normal(generator));
  return image;
}

}  // namespace

TEST_CASE("smoothing: kernel widths are those of the stack's ten frames") {
  // Science document, table of section 3: sigma(0,0) and K.
  CHECK(kernel_width(1.4392, 7.0) == 11);
  CHECK(kernel_width(1.2924, 7.0) == 9);
  CHECK(kernel_width(1.0796, 7.0) == 9);
  CHECK(kernel_width(1.0270, 7.0) == 7);
}

TEST_CASE("smoothing: taps are a Gaussian of sum 1") {
  auto const taps = gaussian_taps(1.3, 9);
  double sum = 0.0;
  for (double const tap : taps) sum += tap;
  CHECK(sum == doctest::Approx(1.0).epsilon(1e-14));
  CHECK(taps[6] / taps[4] == doctest::Approx(std::exp(-0.5 * 4.0 / (1.3 * 1.3))));
  CHECK(taps[1] == taps[7]);
}

TEST_CASE("smoothing: one bright pixel becomes the product of the taps") {
  Image<float> image(40, 31);
  image(17, 13) = 1000.0F;
  auto const taps = gaussian_taps(1.3, 9);
  Image<float> const result = smoothed(image, taps);
  CHECK(result.bbox() == Box{4, 4, 32, 23});
  for (int dy = -4; dy <= 4; ++dy)
    for (int dx = -4; dx <= 4; ++dx)
      CHECK(result.at({17 + dx, 13 + dy}) ==
            doctest::Approx(1000.0 * taps[std::size_t(dx + 4)] * taps[std::size_t(dy + 4)])
                .epsilon(1e-6));
  CHECK(result.at({17 + 5, 13}) == 0.0F);
}

TEST_CASE("smoothing: a constant stays, and noise falls by the sum of squared taps") {
  auto const taps = gaussian_taps(1.1, 9);
  Image<float> flat(50, 30);
  for (float& value : flat.pixels()) value = 12.5F;
  Image<float> const still_flat = smoothed(flat, taps);
  for (float const value : still_flat.pixels()) CHECK(value == doctest::Approx(12.5));

  double squares = 0.0;
  for (double const tap : taps) squares += tap * tap;
  Image<float> const result = smoothed(noise(400, 400), taps);
  double variance = 0.0;
  for (float const value : result.pixels()) variance += double{value} * value;
  variance /= static_cast<double>(result.bbox().area());
  CHECK(std::sqrt(variance) == doctest::Approx(squares).epsilon(0.02));
}

TEST_CASE("smoothing: pieces of rows give what the whole gives") {
  Image<float> const image = noise(61, 47);
  auto const taps = gaussian_taps(1.4, 11);
  Image<float> const whole = smoothed(image, taps);
  Image<float> pieces(whole.bbox());
  for (int y = 0; y < whole.height(); y += 7)
    smooth_rows(image, taps, y, std::min(y + 7, whole.height()), pieces);
  CHECK(std::equal(whole.pixels().begin(), whole.pixels().end(),
                   std::as_const(pieces).pixels().begin()));
}

TEST_CASE("smoothing: pixels that are not finite count as sky") {
  Image<float> image(30, 30), clean(30, 30);
  image(14, 14) = clean(14, 14) = 100.0F;
  image(15, 14) = std::numeric_limits<float>::quiet_NaN();
  image(12, 18) = std::numeric_limits<float>::infinity();
  auto const taps = gaussian_taps(1.2, 9);
  Image<float> const result = smoothed(image, taps), expected = smoothed(clean, taps);
  CHECK(std::equal(result.pixels().begin(), result.pixels().end(), expected.pixels().begin()));
}

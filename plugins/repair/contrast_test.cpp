#include "contrast.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

using namespace almagest;

namespace {

struct Planes {
  Image<float> image, variance;
};

/// Noise with a few spikes, some beside each other, on every side of the frame too.
Planes spiky(int width, int height) {
  Planes planes{Image<float>(width, height), Image<float>(width, height)};
  std::mt19937 generator(11);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      planes.image(x, y) = 200.0F + static_cast<float>(generator() % 30);
      if (generator() % 50 == 0) planes.image(x, y) += 400.0F;
      planes.variance(x, y) = 100.0F + static_cast<float>(generator() % 3000);
    }
  planes.image(width / 2, height / 2) = std::numeric_limits<float>::quiet_NaN();
  planes.variance(width / 3, height / 3) = 0.0F;
  return planes;
}

/// The same by the formula, in double.
std::vector<Pixel> by_formula(Planes const& planes, double sigmas) {
  auto const& [image, variance] = planes;
  std::vector<Pixel> found;
  Box const frame{0, 0, image.width(), image.height()};
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < image.width(); ++x)
      for (Pixel const step : {Pixel{1, 0}, Pixel{0, 1}, Pixel{1, 1}, Pixel{1, -1}}) {
        if (!frame.contains(x - step.x, y - step.y) || !frame.contains(x + step.x, y + step.y))
          continue;
        double const mean =
            0.5 * (double{image(x - step.x, y - step.y)} + double{image(x + step.x, y + step.y)});
        if (!(variance(x, y) > 0.0F) ||
            !(image(x, y) > mean + sigmas * std::sqrt(double{variance(x, y)})))
          continue;
        found.push_back({x, y});
        break;
      }
  return found;
}

}  // namespace

TEST_CASE("contrast: frames of any width give what the formula gives") {
  for (int const width : {1, 2, 3, 9, 34, 67, 131}) {
    Planes const planes = spiky(width, 23);
    std::vector<Pixel> found;
    repair::find_outstanding(planes.image, planes.variance, 6.0, 0, 23, found);
    CAPTURE(width);
    CHECK(found == by_formula(planes, 6.0));
  }
}

TEST_CASE("contrast: rows searched in parts give what they give together") {
  Planes const planes = spiky(100, 40);
  std::vector<Pixel> whole, parts;
  repair::find_outstanding(planes.image, planes.variance, 5.0, 0, 40, whole);
  repair::find_outstanding(planes.image, planes.variance, 5.0, 0, 7, parts);
  repair::find_outstanding(planes.image, planes.variance, 5.0, 7, 40, parts);
  CHECK(whole.size() > 20);
  CHECK(parts == whole);
}

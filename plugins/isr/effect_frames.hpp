#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/raw_exposure.hpp"

/// Frames for the tests of detector effects.
namespace isr_test {

using namespace almagest;

/// Four amplifiers side by side, read like HSC's: LL, LR, LL, LR; or from the given corners.
inline Detector four_amplifiers(int width, int height,
                                std::vector<ReadCorner> corners = {
                                    ReadCorner::lower_left, ReadCorner::lower_right,
                                    ReadCorner::lower_left, ReadCorner::lower_right}) {
  Detector detector;
  detector.name = "test";
  detector.box = {0, 0, 4 * width, height};
  for (int i = 0; i < 4; ++i) {
    Amplifier amplifier;
    amplifier.name = "A" + std::to_string(i);
    amplifier.box = {i * width, 0, width, height};
    amplifier.read_corner = corners[static_cast<std::size_t>(i)];
    detector.amplifiers.push_back(amplifier);
  }
  return detector;
}

inline Exposure exposure_of(Detector detector) {
  Exposure exposure{MaskedImage(detector.box)};
  exposure.detector = std::move(detector);
  return exposure;
}

/// Sky and stars of all brightnesses up to `brightest`, without noise.
inline void add_stars(Image<float>& image, double sky, double brightest, double sigma, int count,
                      unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  for (float& pixel : image.pixels()) pixel = static_cast<float>(sky);
  for (int star = 0; star < count; ++star) {
    double const x = uniform(generator) * image.width(), y = uniform(generator) * image.height();
    double const peak = brightest * (star + 1.0) / count;
    int const reach = static_cast<int>(6.0 * sigma);
    for (int j = -reach; j <= reach; ++j)
      for (int i = -reach; i <= reach; ++i) {
        int const px = static_cast<int>(x) + i, py = static_cast<int>(y) + j;
        if (!Box{0, 0, image.width(), image.height()}.contains(px, py)) continue;
        double const r2 = (px - x) * (px - x) + (py - y) * (py - y);
        image(px, py) += static_cast<float>(peak * std::exp(-0.5 * r2 / (sigma * sigma)));
      }
  }
}

inline void add_noise(Image<float>& image, double sigma, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.0F, static_cast<float>(sigma));
  for (float& pixel : image.pixels()) pixel += normal(generator);
}

/// Root mean square of a − b over pixels at least `margin` from the edge.
inline double rms_difference(Image<float> const& a, Image<float> const& b, int margin = 0) {
  double sum = 0.0;
  int count = 0;
  for (int y = margin; y < a.height() - margin; ++y)
    for (int x = margin; x < a.width() - margin; ++x) {
      double const d = double{a(x, y)} - b(x, y);
      sum += d * d;
      ++count;
    }
  return std::sqrt(sum / count);
}

/// A real frame; none when it is not there, which only a developer's machine may do.
inline std::optional<std::filesystem::path> real_data(char const* file) {
  char const* const set = std::getenv("ALMAGEST_TESTDATA");
  std::filesystem::path const root = set ? set : ALMAGEST_SOURCE_DIR "/../shared/data";
  if (std::filesystem::exists(root / file)) return root / file;
  char const* const ci = std::getenv("CI");
  REQUIRE_MESSAGE((!ci || std::string(ci) != "true"), "no test data at " << (root / file).string());
  MESSAGE("skipped: no test data at " << (root / file).string() << " (set ALMAGEST_TESTDATA)");
  return std::nullopt;
}

/// The largest |a − b|.
inline double largest_difference(Image<float> const& a, Image<float> const& b) {
  double most = 0.0;
  for (std::size_t i = 0; i < a.pixels().size(); ++i)
    most = std::max(most, std::abs(double{a.pixels()[i]} - b.pixels()[i]));
  return most;
}

}  // namespace isr_test

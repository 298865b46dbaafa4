#pragma once

#include <cmath>
#include <numbers>
#include <random>

#include "almagest/image.hpp"
#include "almagest/moments.hpp"

/// Sources of known position, shape and flux, for tests.
namespace test_field {

/// Adds an elliptical Gaussian of moments q, sampled at the pixels' centres; its sum over all
/// pixels is `flux`, to better than 1e-6 for moments above 1 pixel².
inline void add_gaussian(almagest::Image<float>& image, almagest::Point centre,
                         almagest::Quadrupole const& q, double flux) {
  double const d = q.determinant();
  almagest::Box const& box = image.bbox();
  for (int y = box.y0; y <= box.y1(); ++y)
    for (int x = box.x0; x <= box.x1(); ++x) {
      double const u = x - centre.x, v = y - centre.y;
      double const e = (q.yy * u * u + q.xx * v * v - 2.0 * q.xy * u * v) / d;
      image.at({x, y}) +=
          static_cast<float>(flux * std::exp(-0.5 * e) / (2.0 * std::numbers::pi * std::sqrt(d)));
    }
}

/// Adds Gaussian noise.
inline void add_noise(almagest::Image<float>& image, double sigma, std::mt19937& generator) {
  std::normal_distribution<double> normal(0.0, sigma);
  for (float& value : image.pixels()) value += static_cast<float>(normal(generator));
}

inline almagest::Image<float> constant(almagest::Box box, double value) {
  auto image = almagest::Image<float>::uninitialised(box);
  for (float& pixel : image.pixels()) pixel = static_cast<float>(value);
  return image;
}

/// Mean and standard deviation of numbers that come one by one.
struct Moments {
  double sum = 0.0, squares = 0.0;
  int count = 0;
  void add(double value) {
    sum += value;
    squares += value * value;
    ++count;
  }
  double mean() const { return sum / count; }
  double scatter() const { return std::sqrt(squares / count - mean() * mean()); }
};

}  // namespace test_field

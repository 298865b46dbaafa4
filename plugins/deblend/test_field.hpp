#pragma once

#include <cmath>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/footprint.hpp"

/// Frames with sources of known place, size and light, for tests.
namespace test_field {

inline constexpr double psf_sigma = 1.2;  // pixel
inline constexpr double noise = 3.0;      // adu

/// Noise, its variance, and a round Gaussian PSF.
inline almagest::Exposure frame(int width, int height) {
  almagest::MaskedImage pixels(almagest::Box{0, 0, width, height});
  std::mt19937 generator(11);
  std::normal_distribution<double> normal(0.0, noise);
  for (float& value : pixels.image.pixels()) value = static_cast<float>(normal(generator));
  for (float& value : pixels.variance.pixels()) value = static_cast<float>(noise * noise);
  almagest::Exposure exposure(std::move(pixels));
  exposure.psf = std::make_shared<almagest::GaussianPsf>(psf_sigma, 31);
  return exposure;
}

inline void add_star(almagest::Exposure& exposure, double x, double y, double flux) {
  almagest::Image<double> const stamp = exposure.psf->stamp({x, y});
  almagest::Box const box = intersection(stamp.bbox(), exposure.bbox());
  for (int v = box.y0; v <= box.y1(); ++v)
    for (int u = box.x0; u <= box.x1(); ++u)
      exposure.image().at({u, v}) += static_cast<float>(flux * stamp.at({u, v}));
}

/// A round Gaussian, much wider than the PSF.
inline void add_galaxy(almagest::Exposure& exposure, double x, double y, double sigma,
                       double flux) {
  auto const image = exposure.image().pixels();
  almagest::Box const& box = exposure.bbox();
  std::size_t k = 0;
  for (int v = box.y0; v <= box.y1(); ++v)
    for (int u = box.x0; u <= box.x1(); ++u, ++k) {
      double const square = (u - x) * (u - x) + (v - y) * (v - y);
      image[k] += static_cast<float>(flux / (2.0 * 3.14159265358979 * sigma * sigma) *
                                     std::exp(-0.5 * square / (sigma * sigma)));
    }
}

/// All pixels of a box, with peaks where they are said to be.
inline almagest::Footprint box_footprint(almagest::Box const& box,
                                         std::vector<almagest::Pixel> const& peaks) {
  std::vector<almagest::Span> spans;
  for (int y = box.y0; y <= box.y1(); ++y) spans.push_back({y, box.x0, box.x1()});
  std::vector<almagest::Peak> list;
  for (almagest::Pixel const& pixel : peaks) list.push_back({pixel, 1.0F});
  return {std::move(spans), std::move(list)};
}

}  // namespace test_field

#include "charge_repulsion.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace simulate {

using namespace almagest;

namespace {

/// The field of all charge; beyond the edges it is that of the edge's pixels going on.
Image<float> field(Image<float> const& charge, Image<double> const& kernel) {
  int const rx = kernel.width() / 2;
  int const ry = kernel.height() / 2;
  int const w = charge.width();
  int const h = charge.height();
  Image<float> padded = Image<float>::uninitialised({0, 0, w + 2 * rx, h + 2 * ry});
  for (int y = 0; y < padded.height(); ++y) {
    auto const from = charge.row(std::clamp(y - ry, 0, h - 1));
    auto const to = padded.row(y);
    for (int x = 0; x < padded.width(); ++x)
      to[static_cast<std::size_t>(x)] =
          from[static_cast<std::size_t>(std::clamp(x - rx, 0, w - 1))];
  }
  Image<float> result(w, h);
  auto const n = static_cast<std::size_t>(w);
  for (int y = 0; y < h; ++y) {
    float* const out = result.row(y).data();
    for (int j = 0; j < kernel.height(); ++j) {
      float const* const in = std::as_const(padded).row(y + j).data();
      for (int i = 0; i < kernel.width(); ++i) {
        // Convolution: the kernel is turned by 180 degrees.
        auto const k = static_cast<float>(kernel(kernel.width() - 1 - i, kernel.height() - 1 - j));
        float const* const shifted = in + i;
        for (std::size_t x = 0; x < n; ++x) out[x] += k * shifted[x];
      }
    }
  }
  return result;
}

/// Light on the face between the second and the third of four pixels in a row: the cubic whose
/// means over the pixels are these.
float brightness_at_face(float a, float b, float c, float d) {
  return (7.0F * (b + c) - (a + d)) / 12.0F;
}

}  // namespace

void push_charge(Image<float>& electrons, Image<double> const& kernel) {
  Image<float> const before = electrons;
  Image<float> const f = field(before, kernel);
  int const columns = before.width();
  int const rows = before.height();
  for (int y = 0; y < rows; ++y) {
    auto const charge = before.row(y);
    auto const field_row = f.row(y);
    auto const out = electrons.row(y);
    auto const at = [&](int x) {
      return charge[static_cast<std::size_t>(std::clamp(x, 0, columns - 1))];
    };
    for (int x = 0; x + 1 < columns; ++x) {
      auto const i = static_cast<std::size_t>(x);
      float const crossing = 0.5F * brightness_at_face(at(x - 1), at(x), at(x + 1), at(x + 2)) *
                             (field_row[i + 1] - field_row[i]);
      out[i] -= crossing;
      out[i + 1] += crossing;
    }
    if (y + 1 == rows) break;
    auto const below = before.row(std::max(y - 1, 0));
    auto const above = before.row(y + 1);
    auto const beyond = before.row(std::min(y + 2, rows - 1));
    auto const field_above = f.row(y + 1);
    auto const out_above = electrons.row(y + 1);
    for (std::size_t x = 0; x < charge.size(); ++x) {
      float const crossing = 0.5F * brightness_at_face(below[x], charge[x], above[x], beyond[x]) *
                             (field_above[x] - field_row[x]);
      out[x] -= crossing;
      out_above[x] += crossing;
    }
  }
}

Image<double> usual_repulsion() {
  // Falls with the square of the distance beyond the nearest pixels; the sum is that of HSC's CCDs.
  constexpr int radius = 8;
  constexpr double sum = -4.6e-6;
  Image<double> kernel(2 * radius + 1, 2 * radius + 1);
  double total = 0.0;
  for (int y = -radius; y <= radius; ++y)
    for (int x = -radius; x <= radius; ++x)
      total += kernel(x + radius, y + radius) = 1.0 / (1.0 + 2.0 * (x * x + 1.1 * y * y));
  for (double& value : kernel.pixels()) value *= sum / total;
  return kernel;
}

}  // namespace simulate

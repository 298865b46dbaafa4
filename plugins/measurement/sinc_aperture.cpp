#include "sinc_aperture.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <vector>

#include "almagest/lanczos.hpp"

namespace measurement {
namespace {
using almagest::Box;
using almagest::Image;
using almagest::LanczosTaps;
using std::numbers::pi;

/// The Fourier transform of a disc, at frequency k [1/pixel].
double disc_transform(double radius, double k) {
  return k == 0.0 ? pi * radius * radius
                  : radius * std::cyl_bessel_j(1.0, 2.0 * pi * radius * k) / k;
}

}  // namespace

Image<float> sinc_aperture(double radius) {
  int const m = std::max(3, static_cast<int>(std::ceil(std::log2(2.0 * radius))));
  int const half = (1 << m) - 1;
  int const side = 2 * half + 1;
  auto const count = static_cast<std::size_t>(half) + 1;

  // The transform is even along both axes: cosines over the non-negative frequencies do.
  auto const at = [count](std::size_t row, std::size_t column) { return row * count + column; };
  std::vector<double> cosines(count * count), transform(count * count), half_way(count * count);
  for (std::size_t x = 0; x < count; ++x)
    for (std::size_t f = 0; f < count; ++f) {
      double const twice = f == 0 ? 1.0 : 2.0;  // the negative frequency as well
      cosines[at(x, f)] = twice * std::cos(2.0 * pi * static_cast<double>(x * f) / side) / side;
      double const k = std::hypot(static_cast<double>(x), static_cast<double>(f)) / side;
      transform[at(x, f)] = disc_transform(radius, k);
    }
  auto const multiply = [&](std::vector<double> const& in, std::vector<double>& out) {
    for (std::size_t row = 0; row < count; ++row)
      for (std::size_t x = 0; x < count; ++x) {
        double sum = 0.0;
        for (std::size_t f = 0; f < count; ++f) sum += cosines[at(x, f)] * in[at(row, f)];
        out[at(x, row)] = sum;  // transposed, for the other axis
      }
  };
  multiply(transform, half_way);
  multiply(half_way, transform);

  auto weights = Image<float>::uninitialised(Box{-half, -half, side, side});
  for (int y = -half; y <= half; ++y)
    for (int x = -half; x <= half; ++x)
      weights.at({x, y}) = static_cast<float>(transform[at(static_cast<std::size_t>(std::abs(y)),
                                                           static_cast<std::size_t>(std::abs(x)))]);
  return weights;
}

Image<float> shifted_aperture(Image<float> const& weights, double dx, double dy) {
  LanczosTaps const along_x(dx), along_y(dy);
  int const width = weights.width(), height = weights.height();
  int const columns = width - along_x.before() - along_x.after();
  int const rows = height - along_y.before() - along_y.after();
  if (columns <= 0 || rows <= 0) return weights;

  auto const inner = static_cast<std::size_t>(columns);
  std::span<float const> const pixels = weights.pixels();
  std::vector<double> const wide(pixels.begin(), pixels.end());
  std::vector<double> moved(inner * static_cast<std::size_t>(height));
  for (int y = 0; y < height; ++y)
    along_x.apply(wide.data() + y * width + along_x.before(), 1, moved.data() + y * columns, inner);

  Image<float> result = weights;
  std::vector<double> row(inner);
  for (int y = along_y.before(); y < height - along_y.after(); ++y) {
    along_y.apply(moved.data() + y * columns, columns, row.data(), inner);
    std::span<float> const to = result.row(y);
    std::transform(row.begin(), row.end(), to.begin() + along_x.before(),
                   [](double value) { return static_cast<float>(value); });
  }
  return result;
}

}  // namespace measurement

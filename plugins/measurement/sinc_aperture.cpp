#include "sinc_aperture.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
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

namespace {

/// Where the taps reach along one axis.
struct Reach {
  LanczosTaps taps;
  int padding_before = 0, padding_after = 0;  // zeros put around
  int first = 0;                              // index of the first result
  std::ptrdiff_t count;                       // of results

  Reach(double d, int size, ApertureBorder border) : taps(d) {
    if (border == ApertureBorder::zero) {
      padding_before = taps.before();
      padding_after = taps.after();
      count = size;
    } else {
      first = taps.before();
      count = std::ptrdiff_t{size} - taps.before() - taps.after();
    }
  }
};

}  // namespace

Image<float> shifted_aperture(Image<float> const& weights, double dx, double dy,
                              ApertureBorder border) {
  int const width = weights.width(), height = weights.height();
  Reach const x(dx, width, border), y(dy, height, border);
  if (x.count <= 0 || y.count <= 0) return weights;

  auto const columns = static_cast<std::size_t>(x.count);
  int const rows = y.padding_before + height + y.padding_after;
  std::vector<double> row(static_cast<std::size_t>(x.padding_before + width + x.padding_after));
  // Large enough that clearing it first would be felt.
  auto const moved =
      std::make_unique_for_overwrite<double[]>(columns * static_cast<std::size_t>(rows));
  double* to = std::fill_n(moved.get(), y.padding_before * x.count, 0.0);
  for (int v = 0; v < height; ++v, to += x.count) {
    std::ranges::copy(weights.row(v), row.begin() + x.padding_before);
    x.taps.apply(row.data() + x.taps.before(), 1, to, columns);
  }
  std::fill_n(to, y.padding_after * x.count, 0.0);
  // Along y all columns are filtered at once: a step of one row is a stride of x.count.
  std::size_t const size = columns * static_cast<std::size_t>(y.count);
  auto const result = std::make_unique_for_overwrite<double[]>(size);
  y.taps.apply(moved.get() + y.taps.before() * x.count, x.count, result.get(), size);

  Image<float> shifted =
      border == ApertureBorder::zero ? Image<float>::uninitialised(weights.bbox()) : weights;
  for (int v = 0; v < y.count; ++v)
    std::transform(result.get() + v * x.count, result.get() + (v + 1) * x.count,
                   shifted.row(y.first + v).begin() + x.first,
                   [](double value) { return static_cast<float>(value); });
  return shifted;
}

}  // namespace measurement

#include "gaussian_smoothing.hpp"

#include <cmath>
#include <cstddef>
#include <cstring>

namespace detection {
namespace {

// Registers that every x86-64 has. They are spelt out because g++ 12 leaves such loops scalar at
// -O2, and because the sums must stay in registers: four at a time, so that none waits for another.
using Pair = double __attribute__((vector_size(16)));
using FloatPair = float __attribute__((vector_size(8)));
constexpr std::size_t step = 8;  // pixels in four pairs

template <class Register, class T>
Register load(T const* from) noexcept {
  Register value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

/// Stores two sums rounded to float: as floats, or widened again for the second pass.
void store(Pair sum, float* to) noexcept {
  FloatPair const rounded = __builtin_convertvector(sum, FloatPair);
  std::memcpy(to, &rounded, sizeof(rounded));
}
void store(Pair sum, double* to) noexcept {
  Pair const rounded = __builtin_convertvector(__builtin_convertvector(sum, FloatPair), Pair);
  std::memcpy(to, &rounded, sizeof(rounded));
}

/// Where the taps of one pass find their pixels: k steps to either side of the centre.
struct Neighbours {
  std::vector<double const*> before, after;  // [0] is the centre itself
  explicit Neighbours(std::size_t reach) : before(reach + 1), after(reach + 1) {}
};

/// out[x] = taps[0]·centre[x] + Σ taps[k]·(before[k][x] + after[k][x]), in double, rounded to
/// float. `half_taps` is the centre tap and those on one side.
template <class Out>
void weighted_row(Neighbours const& rows, std::span<double const> half_taps, std::span<Out> out) {
  std::size_t const n = out.size();
  std::size_t x = 0;
  for (; x + step <= n; x += step) {
    double const* const c = rows.before[0] + x;
    Pair sum0 = half_taps[0] * load<Pair>(c), sum1 = half_taps[0] * load<Pair>(c + 2);
    Pair sum2 = half_taps[0] * load<Pair>(c + 4), sum3 = half_taps[0] * load<Pair>(c + 6);
    for (std::size_t k = 1; k < half_taps.size(); ++k) {
      double const tap = half_taps[k];
      double const* const a = rows.before[k] + x;
      double const* const b = rows.after[k] + x;
      sum0 += tap * (load<Pair>(a) + load<Pair>(b));
      sum1 += tap * (load<Pair>(a + 2) + load<Pair>(b + 2));
      sum2 += tap * (load<Pair>(a + 4) + load<Pair>(b + 4));
      sum3 += tap * (load<Pair>(a + 6) + load<Pair>(b + 6));
    }
    Out* const to = out.data() + x;
    store(sum0, to);
    store(sum1, to + 2);
    store(sum2, to + 4);
    store(sum3, to + 6);
  }
  for (; x < n; ++x) {
    double sum = half_taps[0] * rows.before[0][x];
    for (std::size_t k = 1; k < half_taps.size(); ++k)
      sum += half_taps[k] * (rows.before[k][x] + rows.after[k][x]);
    out[x] = static_cast<float>(sum);
  }
}

/// The row in double, with 0 for what is not finite.
void widen(std::span<float const> row, std::span<double> wide) {
  double spoilt = 0.0;  // stays 0 while every pixel is finite
  std::size_t x = 0;
  Pair differences{};
  for (; x + 2 <= row.size(); x += 2) {
    Pair const pair = __builtin_convertvector(load<FloatPair>(row.data() + x), Pair);
    differences += pair - pair;
    std::memcpy(wide.data() + x, &pair, sizeof(pair));
  }
  for (; x < row.size(); ++x) {
    wide[x] = row[x];
    spoilt += wide[x] - wide[x];
  }
  if (spoilt + differences[0] + differences[1] == 0.0) return;
  for (double& value : wide)
    if (!std::isfinite(value)) value = 0.0;
}

}  // namespace

int kernel_width(double sigma, double reach) {
  return 2 * (static_cast<int>(reach * sigma + 0.5) / 2) + 1;
}

std::vector<double> gaussian_taps(double sigma, int width) {
  std::vector<double> taps(static_cast<std::size_t>(width));
  double sum = 0.0;
  for (int i = 0; i < width; ++i) {
    double const t = (i - width / 2) / sigma;
    sum += taps[static_cast<std::size_t>(i)] = std::exp(-0.5 * t * t);
  }
  for (double& tap : taps) tap /= sum;
  return taps;
}

almagest::Box smoothed_box(almagest::Box const& image, int width) {
  almagest::Box const inner = image.grown(-(width / 2));
  return inner.empty() ? almagest::Box{inner.x0, inner.y0, 0, 0} : inner;
}

void smooth_rows(almagest::Image<float> const& image, std::span<double const> taps, int begin,
                 int end, almagest::Image<float>& smoothed) {
  if (begin >= end || smoothed.empty()) return;
  std::size_t const width = taps.size();
  std::size_t const reach = width / 2;
  std::size_t const columns = static_cast<std::size_t>(smoothed.width());
  std::span<double const> const half_taps = taps.subspan(reach);

  // Rows smoothed along x, in a ring: row y of the image stands in slot y mod width. They hold
  // floats, widened once instead of once per tap.
  std::vector<double> ring(width * columns);
  std::vector<double> wide(static_cast<std::size_t>(image.width()));
  Neighbours along_x(reach), along_y(reach);
  for (std::size_t k = 0; k <= reach; ++k) {
    along_x.before[k] = wide.data() + reach - k;
    along_x.after[k] = wide.data() + reach + k;
  }
  auto const slot = [&](int y) {
    return ring.data() + static_cast<std::size_t>(y) % width * columns;
  };
  auto const smooth_along_x = [&](int y) {
    widen(image.row(y), wide);
    weighted_row<double>(along_x, half_taps, {slot(y), columns});
  };

  int const rows_needed = static_cast<int>(width);
  for (int y = begin; y < begin + rows_needed - 1; ++y) smooth_along_x(y);
  for (int y = begin; y < end; ++y) {
    smooth_along_x(y + rows_needed - 1);
    int const centre = y + static_cast<int>(reach);
    for (std::size_t k = 0; k <= reach; ++k) {
      along_y.before[k] = slot(centre - static_cast<int>(k));
      along_y.after[k] = slot(centre + static_cast<int>(k));
    }
    weighted_row<float>(along_y, half_taps, smoothed.row(y));
  }
}

}  // namespace detection

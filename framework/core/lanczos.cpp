// LanczosTaps, and lanczos_shift of psf.hpp.
#include "almagest/lanczos.hpp"

#include <cmath>
#include <numbers>
#include <vector>

#include <Eigen/Core>
#include <fmt/format.h>

#include "almagest/error.hpp"
#include "almagest/psf.hpp"

namespace almagest {
namespace {

double lanczos(double t) noexcept {
  if (t == 0.0) return 1.0;
  double const angle = std::numbers::pi * t;
  constexpr int order = LanczosTaps::order;
  return order * std::sin(angle) * std::sin(angle / order) / (angle * angle);
}

void require_fraction(double d, char axis) {
  if (!(std::abs(d) < 1.0)) {
    throw MeasurementError(
        fmt::format("Lanczos shift along {}: {} pixel is not between -1 and 1", axis, d));
  }
}

}  // namespace

LanczosTaps::LanczosTaps(double d) noexcept : first_(d > 0.0 ? 1 - order : -order) {
  double sum = 0.0;
  for (int k = 0; k < count; ++k) {
    double const weight = lanczos(first_ + k - d);
    weights_[static_cast<std::size_t>(k)] = weight;
    sum += weight;
  }
  for (double& weight : weights_) weight /= sum;
}

void LanczosTaps::apply(double const* in, std::ptrdiff_t stride, double* out,
                        std::size_t size) const noexcept {
  using In = Eigen::Map<Eigen::ArrayXd const>;
  auto const n = static_cast<Eigen::Index>(size);
  auto const& w = weights_;
  auto const at = [&](std::ptrdiff_t k) { return In(in - (first_ + k) * stride, n); };
  Eigen::Map<Eigen::ArrayXd>(out, n) = w[0] * at(0) + w[1] * at(1) + w[2] * at(2) + w[3] * at(3) +
                                       w[4] * at(4) + w[5] * at(5) + w[6] * at(6) + w[7] * at(7) +
                                       w[8] * at(8) + w[9] * at(9);
}

Image<double> lanczos_shift(Image<double> const& image, double dx, double dy) {
  require_fraction(dx, 'x');
  require_fraction(dy, 'y');
  if (image.empty() || (dx == 0.0 && dy == 0.0)) return image;
  int const width = image.width();
  int const height = image.height();

  // Zeros around the image: what the taps find beyond its border.
  auto shifted = Image<double>::uninitialised(image.bbox());
  auto const out = shifted.pixels();
  std::ptrdiff_t const border = LanczosTaps::order;
  std::ptrdiff_t const padded_width = width + 2 * border;
  // Rows shifted along x, with zero rows below and above.
  std::vector<double> rows(static_cast<std::size_t>(width * (height + 2 * border)));
  double* const first_row = rows.data() + border * width;
  if (dx == 0.0) {
    std::copy(image.pixels().begin(), image.pixels().end(), first_row);
  } else {
    LanczosTaps const taps(dx);
    std::vector<double> padded(static_cast<std::size_t>(padded_width));
    for (int y = 0; y < height; ++y) {
      auto const row = image.row(y);
      std::copy(row.begin(), row.end(), padded.begin() + border);
      taps.apply(padded.data() + border, 1, first_row + std::ptrdiff_t{y} * width, row.size());
    }
  }
  if (dy == 0.0) {
    std::copy_n(first_row, out.size(), out.begin());
    return shifted;
  }
  // Along y all pixels of the plane are filtered at once: a step of one row is a stride of `width`.
  LanczosTaps const taps(dy);
  taps.apply(first_row, width, out.data(), out.size());
  return shifted;
}

}  // namespace almagest

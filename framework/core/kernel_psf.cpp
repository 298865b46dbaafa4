// KernelPsf of psf.hpp.
#include <algorithm>
#include <cmath>

#include <Eigen/Core>
#include <fmt/format.h>

#include "almagest/error.hpp"
#include "almagest/psf.hpp"
#include "psf_state.hpp"

namespace almagest {
namespace {

using ConstPlane = Eigen::Map<Eigen::ArrayXd const>;
using Plane = Eigen::Map<Eigen::ArrayXd>;

ConstPlane plane(Image<double> const& image) {
  auto const pixels = image.pixels();
  return {pixels.data(), static_cast<Eigen::Index>(pixels.size())};
}

/// Σ c(i,j) x^i y^j by Horner's rule; y varies fastest in `coefficients`.
double polynomial(std::vector<double> const& coefficients, int order_x, int order_y, double x,
                  double y) noexcept {
  double sum = 0.0;
  for (int i = order_x; i >= 0; --i) {
    double const* const row = coefficients.data() + static_cast<std::ptrdiff_t>(i) * (order_y + 1);
    double in_y = 0.0;
    for (int j = order_y; j >= 0; --j) in_y = in_y * y + row[j];
    sum = sum * x + in_y;
  }
  return sum;
}

void check_basis(KernelPsf::Basis const& basis, Box const& box, std::size_t coefficients) {
  if (basis.image.bbox() != box) {
    throw DataError(fmt::format("{}: basis images of unequal size, {} x {} and {} x {} pixels",
                                KernelPsf::type, box.width, box.height, basis.image.width(),
                                basis.image.height()));
  }
  if (basis.coefficients.size() != coefficients) {
    throw DataError(fmt::format("{}: a basis image has {} coefficients, expected {}",
                                KernelPsf::type, basis.coefficients.size(), coefficients));
  }
}

}  // namespace

KernelPsf::KernelPsf(std::vector<Basis> basis, int order_x, int order_y, double scale)
    : basis_(std::move(basis)), order_x_(order_x), order_y_(order_y), scale_(scale) {
  if (basis_.empty()) throw DataError(fmt::format("{}: the basis is empty", type));
  if (order_x < 0 || order_y < 0) {
    throw DataError(
        fmt::format("{}: orders {} and {} must not be negative", type, order_x, order_y));
  }
  int const size = basis_.front().image.width();
  if (size % 2 == 0 || basis_.front().image.height() != size) {
    throw DataError(fmt::format("{}: basis images must be square and of odd size, got {} x {}",
                                type, size, basis_.front().image.height()));
  }
  for (Basis& b : basis_) b.image.set_origin({-(size / 2), -(size / 2)});
  auto const coefficients =
      (static_cast<std::size_t>(order_x) + 1) * (static_cast<std::size_t>(order_y) + 1);
  for (Basis const& b : basis_) check_basis(b, basis_.front().image.bbox(), coefficients);
}

int KernelPsf::kernel_size() const {
  return basis_.front().image.width();
}

Image<double> KernelPsf::kernel(Point position) const {
  auto kernel = Image<double>::uninitialised(basis_.front().image.bbox());
  Plane pixels(kernel.pixels().data(), static_cast<Eigen::Index>(kernel.bbox().area()));
  bool first = true;
  for (Basis const& basis : basis_) {
    double const weight = polynomial(basis.coefficients, order_x_, order_y_, scale_ * position.x,
                                     scale_ * position.y);
    if (first) {
      pixels = weight * plane(basis.image);
    } else {
      pixels += weight * plane(basis.image);
    }
    first = false;
  }
  double const sum = pixels.sum();
  if (!(sum > 0.0) || !std::isfinite(sum)) {
    throw MeasurementError(fmt::format("PSF: the kernel's sum at ({}, {}) is {}, not positive",
                                       position.x, position.y, sum));
  }
  pixels /= sum;
  return kernel;
}

PsfState KernelPsf::state() const {
  int const count = static_cast<int>(basis_.size());
  PsfState::Array images{{count, kernel_size(), kernel_size()}, {}};
  PsfState::Array coefficients{{count, order_x_ + 1, order_y_ + 1}, {}};
  for (Basis const& basis : basis_) {
    auto const pixels = basis.image.pixels();
    images.values.insert(images.values.end(), pixels.begin(), pixels.end());
    coefficients.values.insert(coefficients.values.end(), basis.coefficients.begin(),
                               basis.coefficients.end());
  }
  return {std::string(type),
          {{"images", std::move(images)},
           {"coefficients", std::move(coefficients)},
           {"scale", {{1}, {scale_}}}}};
}

std::shared_ptr<Psf const> KernelPsf::from_state(PsfState const& state) {
  PsfStateReader const reader(state, type);
  auto const& images = reader.array("images", 3);
  auto const& coefficients = reader.array("coefficients", 3);
  if (images.shape[0] != coefficients.shape[0]) {
    throw DataError(fmt::format("stored PSF of type '{}': {} images but {} sets of coefficients",
                                type, images.shape[0], coefficients.shape[0]));
  }
  Box const box{0, 0, images.shape[2], images.shape[1]};
  auto const area = static_cast<std::ptrdiff_t>(box.area());
  std::ptrdiff_t const terms =
      static_cast<std::ptrdiff_t>(coefficients.shape[1]) * coefficients.shape[2];
  std::vector<Basis> basis;
  for (int k = 0; k < images.shape[0]; ++k) {
    auto image = Image<double>::uninitialised(box);
    std::copy_n(images.values.begin() + k * area, area, image.pixels().begin());
    auto const first = coefficients.values.begin() + k * terms;
    basis.push_back({std::move(image), {first, first + terms}});
  }
  return std::make_shared<KernelPsf>(std::move(basis), coefficients.shape[1] - 1,
                                     coefficients.shape[2] - 1, reader.scalar("scale"));
}

}  // namespace almagest

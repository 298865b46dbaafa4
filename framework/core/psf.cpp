#include "almagest/psf.hpp"

#include <cmath>

#include <fmt/format.h>

#include "almagest/error.hpp"
#include "psf_state.hpp"

namespace almagest {

Psf::~Psf() = default;

Image<double> Psf::stamp(Point position) const {
  if (!std::isfinite(position.x) || !std::isfinite(position.y)) {
    throw MeasurementError(
        fmt::format("PSF: the position ({}, {}) is not finite", position.x, position.y));
  }
  Pixel const pixel = nearest_pixel(position);
  Image<double> stamp = lanczos_shift(kernel(position), position.x - pixel.x, position.y - pixel.y);
  stamp.set_origin({stamp.bbox().x0 + pixel.x, stamp.bbox().y0 + pixel.y});
  return stamp;
}

Point position_or_centre(std::vector<double> const& xy, Box const& box) {
  if (xy.empty()) return centre_of(box);
  if (xy.size() != 2)
    throw ConfigError(fmt::format(
        "parameter 'psf_position' wants two numbers, x and y, or none; it has {}", xy.size()));
  return {xy[0], xy[1]};
}

Quadrupole Psf::shape(Point position) const {
  return adaptive_moments(kernel(position), {});
}

GaussianPsf::GaussianPsf(double sigma, int size) : sigma_(sigma), size_(size) {
  if (!(sigma > 0.0) || !std::isfinite(sigma)) {
    throw DataError(fmt::format("{}: sigma {} is not positive", type, sigma));
  }
  if (size < 1 || size % 2 == 0) {
    throw DataError(fmt::format("{}: the kernel's size {} is not odd", type, size));
  }
}

std::shared_ptr<Psf const> GaussianPsf::from_state(PsfState const& state) {
  PsfStateReader const reader(state, type);
  return std::make_shared<GaussianPsf>(reader.scalar("sigma"), reader.integer("size"));
}

Image<double> GaussianPsf::kernel(Point /*position*/) const {
  int const half = size_ / 2;
  std::vector<double> profile(static_cast<std::size_t>(size_));
  double sum = 0.0;
  for (int k = 0; k < size_; ++k) {
    double const radius = (k - half) / sigma_;
    double const value = std::exp(-0.5 * radius * radius);
    profile[static_cast<std::size_t>(k)] = value;
    sum += value;
  }
  for (double& value : profile) value /= sum;

  auto kernel = Image<double>::uninitialised({-half, -half, size_, size_});
  for (int y = 0; y < size_; ++y) {
    auto const row = kernel.row(y);
    double const factor = profile[static_cast<std::size_t>(y)];
    for (std::size_t x = 0; x < row.size(); ++x) row[x] = factor * profile[x];
  }
  return kernel;
}

PsfState GaussianPsf::state() const {
  return {std::string(type),
          {{"sigma", {{1}, {sigma_}}}, {"size", {{1}, {static_cast<double>(size_)}}}}};
}

namespace {

[[noreturn]] void refuse_unknown(PsfState const& state) {
  // "plugin.Type/1" or "plugin/type/1": the plugin is what stands before the first separator.
  std::string const plugin = state.type.substr(0, state.type.find_first_of("./"));
  throw NotFoundError(fmt::format(
      "the PSF is of type '{}', which no loaded plugin knows; is plugin '{}' on the plugin path?",
      state.type, plugin));
}

}  // namespace

Image<double> UnknownPsf::kernel(Point /*position*/) const {
  refuse_unknown(state_);
}

int UnknownPsf::kernel_size() const {
  refuse_unknown(state_);
}

}  // namespace almagest

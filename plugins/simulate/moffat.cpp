#include "moffat.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace simulate {

using namespace almagest;

namespace {

/// Gauss–Legendre nodes on a pixel's side (−½ … ½), with their weights.
template <std::size_t N>
struct Nodes {
  std::array<double, N> x;
  std::array<double, N> weight;
};
constexpr Nodes<2> two{{-0.28867513459481287, 0.28867513459481287}, {0.5, 0.5}};
constexpr Nodes<4> four{
    {-0.43056815579702629, -0.16999052179242813, 0.16999052179242813, 0.43056815579702629},
    {0.17392742256872693, 0.32607257743127307, 0.32607257743127307, 0.17392742256872693}};

template <std::size_t N>
double integrated(Moffat const& psf, double dx, double dy, Nodes<N> const& nodes) {
  double sum = 0.0;
  for (std::size_t j = 0; j < N; ++j) {
    double const y = dy + nodes.x[j];
    double row = 0.0;
    for (std::size_t i = 0; i < N; ++i) {
      double const x = dx + nodes.x[i];
      double const q = 1.0 + psf.a * x * x + (2.0 * psf.b * x + psf.c * y) * y;
      row += nodes.weight[i] / (q * q * q);
    }
    sum += nodes.weight[j] * row;
  }
  return sum;
}

}  // namespace

Moffat Moffat::of(double fwhm, double e1, double e2) {
  // Half the height is reached where q = 2^(1/3).
  double const alpha = 0.5 * fwhm / std::sqrt(std::cbrt(2.0) - 1.0);
  // Σ ∝ (1 + e1, e2; e2, 1 − e1), of determinant α⁴; the form is its inverse.
  double const scale = 1.0 / (alpha * alpha * std::sqrt(1.0 - e1 * e1 - e2 * e2));
  return {scale * (1.0 - e1), -scale * e2, scale * (1.0 + e1)};
}

double Moffat::height() const noexcept {
  return 2.0 / std::numbers::pi * std::sqrt(a * c - b * b);
}

Mixture Moffat::mixture() const {
  // The trapezoidal rule in ln t; it converges faster than any power of the step.
  constexpr double step = 0.6;
  constexpr double first = -6.0;
  constexpr double last = 2.4;
  double const det = a * c - b * b;
  Mixture result;
  double total = 0.0;
  for (double s = first; s <= last; s += step) {
    double const t = std::exp(s);
    double const weight = t * t * std::exp(-t);
    double const half = 0.5 / (t * det);
    result.push_back({weight, half * c, -half * b, half * a});
    total += weight;
  }
  for (Gaussian& g : result) g.flux /= total;
  return result;
}

Box star_extent(Moffat const& psf, double flux, Point centre, double faintest) {
  double const q = std::cbrt(std::max(flux * psf.height() / faintest, 1.0)) - 1.0;
  double const det = psf.a * psf.c - psf.b * psf.b;
  double const rx = std::sqrt(q * psf.c / det) + 1.0;
  double const ry = std::sqrt(q * psf.a / det) + 1.0;
  return Box::from_corners(
      static_cast<int>(std::floor(centre.x - rx)), static_cast<int>(std::floor(centre.y - ry)),
      static_cast<int>(std::ceil(centre.x + rx)), static_cast<int>(std::ceil(centre.y + ry)));
}

void add_star(Image<float>& image, Moffat const& psf, double flux, Point centre, double faintest) {
  Box const box = intersection(star_extent(psf, flux, centre, faintest), image.bbox());
  if (box.empty()) return;
  double const height = flux * psf.height();
  // Up to five widths from the centre the profile bends within a pixel.
  constexpr double near = 25.0;
  for (int y = box.y0; y <= box.y1(); ++y) {
    auto const row = image.row(y - image.bbox().y0);
    double const dy = y - centre.y;
    for (int x = box.x0; x <= box.x1(); ++x) {
      double const dx = x - centre.x;
      double const q = psf.a * dx * dx + (2.0 * psf.b * dx + psf.c * dy) * dy;
      double const value = q < near ? integrated(psf, dx, dy, four) : integrated(psf, dx, dy, two);
      row[static_cast<std::size_t>(x - image.bbox().x0)] += static_cast<float>(height * value);
    }
  }
}

}  // namespace simulate

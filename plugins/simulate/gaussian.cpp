#include "gaussian.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace simulate {

using namespace almagest;

namespace {

double determinant(Gaussian const& g) {
  return g.xx * g.yy - g.xy * g.xy;
}

double peak(Gaussian const& g) {
  return g.flux / (2.0 * std::numbers::pi * std::sqrt(determinant(g)));
}

/// The box outside which |flux × g| is below `faintest`; empty when it is so everywhere.
Box extent(Gaussian const& g, double flux, Point centre, double faintest) {
  double const ratio = std::abs(flux * peak(g)) / faintest;
  if (!(ratio > 1.0)) return {};
  double const reach = std::sqrt(2.0 * std::log(ratio));
  double const rx = reach * std::sqrt(g.xx);
  double const ry = reach * std::sqrt(g.yy);
  return Box::from_corners(
      static_cast<int>(std::ceil(centre.x - rx)), static_cast<int>(std::ceil(centre.y - ry)),
      static_cast<int>(std::floor(centre.x + rx)), static_cast<int>(std::floor(centre.y + ry)));
}

}  // namespace

Mixture convolve(std::span<Gaussian const> a, std::span<Gaussian const> b) {
  Mixture result;
  result.reserve(a.size() * b.size());
  for (Gaussian const& g : a)
    for (Gaussian const& h : b)
      result.push_back({g.flux * h.flux, g.xx + h.xx, g.xy + h.xy, g.yy + h.yy});
  return result;
}

double value(Mixture const& mixture, double dx, double dy) {
  double sum = 0.0;
  for (Gaussian const& g : mixture) {
    double const e = (g.yy * dx * dx - 2.0 * g.xy * dx * dy + g.xx * dy * dy) / determinant(g);
    sum += peak(g) * std::exp(-0.5 * e);
  }
  return sum;
}

void add(Image<double>& image, Mixture const& mixture, double flux, Point centre, double faintest) {
  for (Gaussian const& g : mixture) {
    Box const box = intersection(image.bbox(), extent(g, flux, centre, faintest));
    double const det = determinant(g);
    double const height = flux * peak(g);
    for (int y = box.y0; y < box.y0 + box.height; ++y) {
      auto const row = image.row(y - image.bbox().y0);
      double const dy = y - centre.y;
      for (int x = box.x0; x < box.x0 + box.width; ++x) {
        double const dx = x - centre.x;
        double const e = (g.yy * dx * dx - 2.0 * g.xy * dx * dy + g.xx * dy * dy) / det;
        row[static_cast<std::size_t>(x - image.bbox().x0)] += height * std::exp(-0.5 * e);
      }
    }
  }
}

Box extent(Mixture const& mixture, double flux, Point centre, double faintest) {
  Box all;
  for (Gaussian const& g : mixture) {
    Box const box = extent(g, flux, centre, faintest);
    if (box.empty()) continue;
    all = all.empty()
              ? box
              : Box::from_corners(std::min(all.x0, box.x0), std::min(all.y0, box.y0),
                                  std::max(all.x1(), box.x1()), std::max(all.y1(), box.y1()));
  }
  return all;
}

Mixture exponential_disc(double half_light_radius, double axis_ratio, double angle) {
  // Least squares to exp(−1.678 r / r_half), weight √r: within 4 % from 0.1 to 3 half-light radii.
  struct Term {
    double flux, sigma;  // sigma in half-light radii
  };
  constexpr std::array<Term, 4> terms{
      {{0.0081, 0.1206}, {0.0942, 0.3271}, {0.4179, 0.6850}, {0.4722, 1.2803}}};
  double total = 0.0;
  for (Term const& term : terms) total += term.flux;

  double const c = std::cos(angle);
  double const s = std::sin(angle);
  double const q2 = axis_ratio * axis_ratio;
  Mixture disc;
  for (Term const& term : terms) {
    double const major2 = std::pow(term.sigma * half_light_radius, 2);
    disc.push_back({term.flux / total, major2 * (c * c + q2 * s * s), major2 * (1.0 - q2) * c * s,
                    major2 * (s * s + q2 * c * c)});
  }
  return disc;
}

}  // namespace simulate

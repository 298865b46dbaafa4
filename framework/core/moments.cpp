#include "almagest/moments.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "almagest/error.hpp"

namespace almagest {
namespace {

// All numbers are those of the science document, section 4 (SdssShape).
constexpr double initial_variance = 1.5;  // [pixel²]
constexpr int maximum_passes = 100;
constexpr double ellipticity_tolerance = 1e-5;  // absolute
constexpr double size_tolerance = 1e-4;         // relative, of xx
constexpr double box_radius_in_sigma = 4.0;
constexpr double maximum_box_radius = 1000.0;     // [pixel]
constexpr double weight_limit = 14.0;             // of xᵀQ⁻¹x, whole pixels
constexpr double subpixel_weight_limit = 9.0;     // the same, farthest corner of the sub-pixels
constexpr double smallest_variance = 0.25;        // [pixel²]; below it a pixel is sampled 4 × 4
constexpr double smallest_determinant = 0.0625;   // [pixel⁴]
constexpr double singular_determinant = 1.19e-7;  // [pixel⁴], float epsilon
constexpr std::array<double, 4> subpixel_offsets{-0.375, -0.125, 0.125, 0.375};

bool needs_subpixels(Quadrupole const& q) noexcept {
  return q.xx < smallest_variance || q.yy < smallest_variance ||
         q.determinant() < smallest_determinant;
}

std::optional<Quadrupole> inverse(Quadrupole const& q) noexcept {
  double const determinant = q.determinant();
  if (!(std::abs(determinant) > singular_determinant)) return std::nullopt;
  return Quadrupole{q.yy / determinant, q.xx / determinant, -q.xy / determinant};
}

/// Weighted sums of one pass: Σ w I and Σ w I xxᵀ.
struct Sums {
  double flux = 0.0;
  Quadrupole moments;

  void add(double dx, double dy, double weighted) noexcept {
    flux += weighted;
    moments.xx += dx * dx * weighted;
    moments.yy += dy * dy * weighted;
    moments.xy += dx * dy * weighted;
  }
};

/// xᵀWx for the inverse covariance `w`.
double exponent(Quadrupole const& w, double dx, double dy) noexcept {
  return w.xx * dx * dx + w.yy * dy * dy + 2.0 * w.xy * dx * dy;
}

void add_subpixels(Sums& sums, Quadrupole const& w, double dx, double dy, double value) noexcept {
  double const end = subpixel_offsets.back();
  double const farthest =
      std::max({exponent(w, dx - end, dy - end), exponent(w, dx - end, dy + end),
                exponent(w, dx + end, dy - end), exponent(w, dx + end, dy + end)});
  if (farthest > subpixel_weight_limit) return;
  for (double const v : subpixel_offsets) {
    for (double const u : subpixel_offsets) {
      sums.add(dx + u, dy + v, value * std::exp(-0.5 * exponent(w, dx + u, dy + v)));
    }
  }
}

Box weighted_box(Box const& image, Point centre, Quadrupole const& q) noexcept {
  double const radius =
      std::min(box_radius_in_sigma * std::sqrt(std::max(q.xx, q.yy)), maximum_box_radius);
  auto const low = [&](double c) { return static_cast<int>(std::floor(c - radius + 0.5)); };
  auto const high = [&](double c) { return static_cast<int>(std::ceil(c + radius - 0.5)); };
  return intersection(
      image, Box::from_corners(low(centre.x), low(centre.y), high(centre.x), high(centre.y)));
}

Sums weighted_sums(Image<double> const& image, Point centre, Quadrupole const& q,
                   Quadrupole const& w, bool subpixels) {
  Sums sums;
  Box const box = weighted_box(image.bbox(), centre, q);
  for (int y = box.y0; y <= box.y1(); ++y) {
    auto const row = image.row(y - image.bbox().y0);
    double const dy = y - centre.y;
    for (int x = box.x0; x <= box.x1(); ++x) {
      double const value = row[static_cast<std::size_t>(x - image.bbox().x0)];
      double const dx = x - centre.x;
      if (subpixels) {
        add_subpixels(sums, w, dx, dy, value);
      } else if (double const e = exponent(w, dx, dy); e <= weight_limit) {
        sums.add(dx, dy, value * std::exp(-0.5 * e));
      }
    }
  }
  return sums;
}

}  // namespace

Quadrupole adaptive_moments(Image<double> const& image, Point centre) {
  if (!image.bbox().contains(nearest_pixel(centre))) {
    throw MeasurementError(fmt::format("adaptive moments: the centre ({}, {}) is outside the image",
                                       centre.x, centre.y));
  }
  auto const fail = [](int pass, char const* what) {
    throw MeasurementError(fmt::format("adaptive moments: {} in pass {}", what, pass));
  };

  Quadrupole q{initial_variance, initial_variance, 0.0};
  std::array<double, 2> previous_ellipticity{1e6, 1e6};
  double previous_xx = 1e6;
  bool subpixels = false;
  for (int pass = 1; pass <= maximum_passes; ++pass) {
    subpixels = subpixels || needs_subpixels(q);
    auto const w = inverse(q);
    if (!w) fail(pass, "the weight became singular");
    Sums const sums = weighted_sums(image, centre, q, *w, subpixels);
    if (!(sums.flux > 0.0)) fail(pass, "the weighted flux is not positive");

    Quadrupole const observed{sums.moments.xx / sums.flux, sums.moments.yy / sums.flux,
                              sums.moments.xy / sums.flux};
    double const trace = observed.xx + observed.yy;
    std::array<double, 2> const ellipticity{(observed.xx - observed.yy) / trace,
                                            2.0 * observed.xy / trace};
    bool const converged =
        std::abs(ellipticity[0] - previous_ellipticity[0]) < ellipticity_tolerance &&
        std::abs(ellipticity[1] - previous_ellipticity[1]) < ellipticity_tolerance &&
        std::abs(observed.xx / previous_xx - 1.0) < size_tolerance;
    if (pass > 1 && converged) return q;
    previous_ellipticity = ellipticity;
    previous_xx = observed.xx;

    // The product of two Gaussians: O⁻¹ = Q_true⁻¹ + W.
    auto const sharpness = inverse(observed);
    if (!sharpness) fail(pass, "the weighted moments are singular");
    auto const next =
        inverse({sharpness->xx - w->xx, sharpness->yy - w->yy, sharpness->xy - w->xy});
    if (!next || !(next->xx > 0.0) || !(next->yy > 0.0)) {
      fail(pass, "the object is not narrower than a constant");
    }
    q = *next;
  }
  throw MeasurementError(
      fmt::format("adaptive moments: no convergence in {} passes", maximum_passes));
}

}  // namespace almagest

#include "adaptive_shape.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

namespace measurement {
namespace {
using almagest::Box;
using almagest::Image;
using almagest::Pixel;
using almagest::Point;
using almagest::Quadrupole;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double first_moments = 1.5;  // pixel², of the first weight
constexpr int most_passes = 100;
constexpr double ellipticity_tolerance = 1e-5;
constexpr double size_tolerance = 1e-4;
constexpr double most_shift = 2.0;       // pixel
constexpr double never_converged = 1e6;  // stands for moments before the first pass
constexpr double pixel_variance = 1.0 / 12.0;

/// What the iteration ended with.
struct Adapted {
  std::optional<Quadrupole> moments;  // the weight that matches; nothing after a failure
  WeightedSums sums;                  // of the last pass
  Box box;                            // of the last pass
  bool subpixels = false;
  bool shifted = false;  // in any pass
  bool many_passes = false;
};

/// Whether the light's centre is far from where it was thought to be.
bool far_off(WeightedSums const& sums) {
  return std::abs(sums.x) > most_shift * sums.flux || std::abs(sums.y) > most_shift * sums.flux;
}

Adapted adapt(Image<float> const& image, Point centre) {
  Adapted state;
  Quadrupole q{first_moments, first_moments, 0.0};
  Quadrupole w;
  double e1_before = never_converged, e2_before = never_converged, xx_before = never_converged;
  int pass = 0;
  while (pass < most_passes) {
    state.box = weight_box(image.bbox(), centre, q);
    std::optional<Quadrupole> const sharp = inverse(q);
    if (!sharp) return state;
    bool counts = true;
    if (!state.subpixels && needs_subpixels(q)) {
      state.subpixels = true;
      counts = pass == 0;  // a later pass is done again with its predecessor's weight
    }
    if (counts)
      w = *sharp;
    else
      xx_before = never_converged;

    state.sums = weighted_sums(image, state.box, centre, w, state.subpixels);
    if (!(state.sums.flux > 0.0)) return state;
    state.shifted = state.shifted || far_off(state.sums);
    Quadrupole const observed = state.sums.mean_moments();
    double const e1 = (observed.xx - observed.yy) / (observed.xx + observed.yy);
    double const e2 = 2.0 * observed.xy / (observed.xx + observed.yy);
    if (pass > 0 && counts && std::abs(e1 - e1_before) < ellipticity_tolerance &&
        std::abs(e2 - e2_before) < ellipticity_tolerance &&
        std::abs(observed.xx / xx_before - 1.0) < size_tolerance) {
      state.moments = q;
      return state;
    }
    e1_before = e1;
    e2_before = e2;
    xx_before = observed.xx;

    // The product of two Gaussians: O⁻¹ = Q⁻¹ + W.
    std::optional<Quadrupole> const sharpness = inverse(observed);
    if (!sharpness) return state;
    std::optional<Quadrupole> const next =
        inverse({sharpness->xx - w.xx, sharpness->yy - w.yy, sharpness->xy - w.xy});
    if (!next || !(next->xx > 0.0) || !(next->yy > 0.0)) return state;
    q = *next;
    if (counts) ++pass;
  }
  state.many_passes = true;
  return state;
}

/// Element (3, 3) counted from (k, k) … of the inverse: the variance of parameter k, by
/// Gauss-Jordan elimination of the positive definite matrix.
std::array<double, 4> diagonal_of_inverse(std::array<std::array<double, 4>, 4> m) {
  std::array<std::array<double, 4>, 4> inverse{};
  for (std::size_t i = 0; i < 4; ++i) inverse[i][i] = 1.0;
  for (std::size_t i = 0; i < 4; ++i) {
    double const pivot = m[i][i];
    if (!(pivot > 0.0)) return {nan, nan, nan, nan};
    for (std::size_t j = 0; j < 4; ++j) {
      m[i][j] /= pivot;
      inverse[i][j] /= pivot;
    }
    for (std::size_t r = 0; r < 4; ++r) {
      if (r == i) continue;
      double const factor = m[r][i];
      for (std::size_t j = 0; j < 4; ++j) {
        m[r][j] -= factor * m[i][j];
        inverse[r][j] -= factor * inverse[i][j];
      }
    }
  }
  return {inverse[0][0], inverse[1][1], inverse[2][2], inverse[3][3]};
}

/// \param weighted_flux  Σ wI under the matched weight; \param v  variance of one pixel
Quadrupole moment_errors(Quadrupole const& q, double weighted_flux, double v) {
  double const determinant = q.determinant();
  double const amplitude = weighted_flux / (std::numbers::pi * std::sqrt(determinant));
  double const f = std::numbers::pi * std::sqrt(determinant) / v;
  double const mixed = f * amplitude / (4.0 * determinant);
  double const g = 3.0 * f * amplitude * amplitude / (16.0 * determinant * determinant);
  double const xx = q.xx, yy = q.yy, xy = q.xy;
  double const f01 = mixed * yy, f02 = mixed * xx, f03 = -2.0 * mixed * xy;
  double const f33 = 4.0 * g * (xy * xy + determinant / 3.0);
  double const f12 = 0.25 * f33, f13 = -2.0 * g * yy * xy, f23 = -2.0 * g * xx * xy;
  std::array<double, 4> const variances = diagonal_of_inverse({{{f, f01, f02, f03},
                                                                {f01, g * yy * yy, f12, f13},
                                                                {f02, f12, g * xx * xx, f23},
                                                                {f03, f13, f23, f33}}});
  return {std::sqrt(variances[1]), std::sqrt(variances[2]), std::sqrt(variances[3])};
}

}  // namespace

Shape adaptive_shape(Image<float> const& image, Image<float> const& variance, Point centre,
                     ShapeQuirks const& quirks) {
  Shape shape{{nan, nan, nan}, {nan, nan, nan}, {nan, nan}};
  Adapted state = adapt(image, centre);
  shape.many_passes = state.many_passes;
  if (state.moments) {
    shape.moments = *state.moments;
    Pixel const pixel = nearest_pixel(centre);
    double const places = quirks.sum_subpixels && state.subpixels ? subpixels_per_pixel : 1;
    if (variance.bbox().contains(pixel)) {
      double const v = variance.at(pixel);
      shape.errors = moment_errors(shape.moments, places * state.sums.flux, v);
      shape.bad_pixels = !std::isfinite(v);
    }
  } else {
    bool const subpixels = quirks.unweighted_subpixels && state.subpixels;
    state.sums = plain_sums(image, state.box, centre, subpixels);
    Quadrupole const plain = state.sums.mean_moments();
    shape.unweighted = state.sums.flux > 0.0 && plain.xx > 0.0 && plain.yy > 0.0;
    shape.unweighted_bad = !shape.unweighted;
    if (shape.unweighted)
      shape.moments = plain;
    else if (state.sums.flux > 0.0)
      shape.moments = {pixel_variance, pixel_variance, 0.0};
  }
  WeightedSums const& sums = state.sums;
  shape.bad_pixels = shape.bad_pixels || sums.bad_pixels;
  if (sums.flux > 0.0)
    shape.centroid = {centre.x + sums.x / sums.flux, centre.y + sums.y / sums.flux};
  shape.shifted = state.shifted || (sums.flux > 0.0 && far_off(sums));
  return shape;
}

}  // namespace measurement

#pragma once

#include <optional>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/moments.hpp"

/// Sums over pixels under a Gaussian weight: what shapes and Gaussian fluxes are made of (science
/// document, section 4 "SdssShape", with items 10 to 13 of section 10).
namespace measurement {

/// The matrix W = Q⁻¹ of a Gaussian weight exp(−xᵀWx/2) [1/pixel²]; nothing when det Q is below
/// 1.19e-7 (float's epsilon) or not a number.
std::optional<almagest::Quadrupole> inverse(almagest::Quadrupole const& q);

/// A weight this narrow must be sampled finer than the pixels: Qxx or Qyy < 0.25, or det Q <
/// 0.0625.
bool needs_subpixels(almagest::Quadrupole const& q);

/// The pixels that a weight of moments Q is summed over: box_around() the centre, with reach
/// min(4 √max(Qxx, Qyy), 1000), clipped to the image.
almagest::Box weight_box(almagest::Box const& image, almagest::Point centre,
                         almagest::Quadrupole const& q);

/// Σ wI, and Σ wI times coordinates measured from the centre.
struct WeightedSums {
  double flux = 0.0;
  double x = 0.0, y = 0.0;
  almagest::Quadrupole moments;
  bool bad_pixels = false;  ///< pixels that are not finite counted as 0

  /// moments/flux [pixel²]
  almagest::Quadrupole mean_moments() const {
    return {moments.xx / flux, moments.yy / flux, moments.xy / flux};
  }
};

/// Places in a pixel at which a narrow weight is sampled: 4 × 4, at ±1/8 and ±3/8.
inline constexpr int subpixels_per_pixel = 16;

/// Sums with w = exp(−E/2), E = xᵀWx ≤ 14.
///
/// With `subpixels`, each pixel counts with the mean over its places, as long as E at the outermost
/// of them is ≤ 9. A pixel that is not finite counts as 0.
WeightedSums weighted_sums(almagest::Image<float> const& image, almagest::Box const& box,
                           almagest::Point centre, almagest::Quadrupole const& w, bool subpixels);

/// Sums with w = 1 over the whole box; with `subpixels` over the same 16 places per pixel, which
/// adds 5/64 pixel² to xx and yy.
WeightedSums plain_sums(almagest::Image<float> const& image, almagest::Box const& box,
                        almagest::Point centre, bool subpixels);

}  // namespace measurement

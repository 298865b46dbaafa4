#pragma once

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/moments.hpp"

namespace measurement {

/// Light under a Gaussian weight, from the pixels as they are and from what they are without noise.
struct WeightedLight {
  double raw = 0.0;         ///< [counts]
  double absolute = 0.0;    ///< of |pixel| less what noise adds to it [counts]
  bool bad_pixels = false;  ///< pixels that are not finite, or their variance, were left out
};

/// Light under the Gaussian of moments Q: Σw Σwd / Σw², as a measure of how much of it is a
/// neighbour's (Bosch et al. 2018, PASJ 70, S5, section 4.9.11).
///
/// The absolute flux takes |d| − bias for d, where bias = √(2v/π) exp(−μ²/2v) − μ erfc(μ/√2v) is
/// what noise of variance v adds to the absolute value of a pixel that is truly μ, and μ is d's
/// expectation when the truth is not negative: μ = d + √(v/2π) exp(−d²/2v) / (erfc(−d/√2v)/2).
/// \param reach       the weight ends here [σ]
/// \param max_radius  and here, along x and y [pixel]
/// \throws MeasurementError when Q is no ellipse, or holds no pixel
WeightedLight weighted_light(almagest::Image<float> const& image,
                             almagest::Image<float> const& variance, almagest::Point centre,
                             almagest::Quadrupole const& moments, double reach, double max_radius);

/// What noise of variance v adds to |d|, as above [counts]; 0 without a variance.
double absolute_bias(double d, double v);

/// 1 − child/parent; NaN when the parent has no light.
double blendedness(double child, double parent);

}  // namespace measurement

#include "gaussian_flux.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "weighted_moments.hpp"

namespace measurement {
namespace {
constexpr double largest_determinant = 8388608.0;  // 2^23 pixel⁴
}

GaussianFluxResult gaussian_flux(almagest::Image<float> const& image,
                                 almagest::Image<float> const& variance, almagest::Point centre,
                                 almagest::Quadrupole const& moments) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  GaussianFluxResult result{nan, nan};
  std::optional<almagest::Quadrupole> const w = inverse(moments);
  if (!w) return result;
  double const determinant = moments.determinant();
  almagest::Pixel const pixel{static_cast<int>(centre.x), static_cast<int>(centre.y)};
  if (variance.bbox().contains(pixel))
    result.error =
        2.0 * std::sqrt(double{variance.at(pixel)} * std::numbers::pi * std::sqrt(determinant));
  if (determinant > largest_determinant) return result;
  almagest::Box const box = weight_box(image.bbox(), centre, moments);
  result.flux = 2.0 * weighted_sums(image, box, centre, *w, needs_subpixels(moments)).flux;
  return result;
}

}  // namespace measurement

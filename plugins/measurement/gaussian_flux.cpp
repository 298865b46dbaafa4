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
                                 almagest::Quadrupole const& moments,
                                 GaussianFluxQuirks const& quirks) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  GaussianFluxResult result{nan, nan};
  std::optional<almagest::Quadrupole> const w = inverse(moments);
  if (!w) return result;
  double const determinant = moments.determinant();
  almagest::Pixel const pixel = quirks.truncate_centre ? almagest::Pixel{static_cast<int>(centre.x),
                                                                         static_cast<int>(centre.y)}
                                                       : nearest_pixel(centre);
  if (variance.bbox().contains(pixel)) {
    double const v = variance.at(pixel);
    result.error = 2.0 * std::sqrt(v * std::numbers::pi * std::sqrt(determinant));
    result.bad_pixels = !std::isfinite(v);
  }
  if (determinant > largest_determinant) return result;
  almagest::Box const box = weight_box(image.bbox(), centre, moments);
  bool const subpixels = needs_subpixels(moments);
  double const places = quirks.sum_subpixels && subpixels ? subpixels_per_pixel : 1;
  WeightedSums const sums = weighted_sums(image, box, centre, *w, subpixels);
  result.flux = 2.0 * places * sums.flux;
  result.bad_pixels = result.bad_pixels || sums.bad_pixels;
  return result;
}

}  // namespace measurement

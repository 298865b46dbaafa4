#include "psf_share.hpp"

#include <numeric>

#include "almagest/error.hpp"

#include "aperture_flux.hpp"

namespace measurement {
using namespace almagest;

double psf_share(Psf const& psf, Point position, Image<float> const& weights, double radius) {
  Image<double> const kernel = psf.kernel(position);
  // With room for the weights beyond the kernel, where there is no light.
  Box const box = kernel.bbox().grown(weights.width() / 2 + 1);
  Image<float> light(box);
  for (int y = kernel.bbox().y0; y <= kernel.bbox().y1(); ++y)
    for (int x = kernel.bbox().x0; x <= kernel.bbox().x1(); ++x)
      light.at({x, y}) = static_cast<float>(kernel.at({x, y}));
  auto const pixels = kernel.pixels();
  double const all = std::accumulate(pixels.begin(), pixels.end(), 0.0);
  double const inside =
      sinc_aperture_flux(light, light, weights, {0.0, 0.0}, radius, ApertureBorder::zero).flux;
  if (!(all > 0.0) || !(inside > 0.0))
    throw MeasurementError("the PSF has no light in a circle around its centre");
  return inside / all;
}

}  // namespace measurement

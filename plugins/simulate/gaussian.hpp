#pragma once

#include <span>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

namespace simulate {

/// An elliptical Gaussian of some flux. Sums of them are closed under convolution, so that a galaxy
/// seen through a PSF needs no convolution of pixels.
struct Gaussian {
  double flux = 1.0;
  double xx = 1.0;  ///< second moments [pixel²]
  double xy = 0.0;
  double yy = 1.0;

  static Gaussian round(double flux, double sigma) {
    return {flux, sigma * sigma, 0.0, sigma * sigma};
  }
};

using Mixture = std::vector<Gaussian>;

/// Fluxes multiply, second moments add.
Mixture convolve(std::span<Gaussian const> a, std::span<Gaussian const> b);

/// The value at an offset from the centre, per pixel area.
double value(Mixture const& mixture, double dx, double dy);

/// Adds flux × mixture to an image, centred on a position (parent frame), sampled at pixel centres.
///
/// Where a Gaussian is below `faintest` per pixel it is left out.
void add(almagest::Image<double>& image, Mixture const& mixture, double flux,
         almagest::Point centre, double faintest);

/// The largest box of pixels that add() would touch.
almagest::Box extent(Mixture const& mixture, double flux, almagest::Point centre, double faintest);

/// A disc galaxy: exponential, seen at an angle.
///
/// \param half_light_radius  along the major axis [pixel]
/// \param axis_ratio         0 … 1
/// \param angle              of the major axis, from x towards y [rad]
Mixture exponential_disc(double half_light_radius, double axis_ratio, double angle);

}  // namespace simulate

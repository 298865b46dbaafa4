#pragma once

#include <array>
#include <vector>

#include "gaussian.hpp"
#include "random.hpp"

namespace simulate {

/// A PSF as SDSS describes it: eigenimages E_k times polynomials of the position,
/// PSF(x, y) = Σ_k w_k(x, y) E_k with w_k = Σ c_k[j][i] (0.001 y)^j (0.001 x)^i.
///
/// Every eigenimage is a sum of Gaussians, so that a star is drawn at its sub-pixel position
/// without interpolation. The first has flux 1 and weight 1 everywhere; the others have none and
/// change size and shape. The light inside a pixel is the value at its centre: the Gaussians
/// include the pixel.
struct FieldPsfModel {
  static constexpr int terms = 3;  ///< powers 0, 1, 2 of each coordinate
  struct Eigenimage {
    Mixture image;
    std::array<std::array<float, terms>, terms> coefficients{};  ///< [power of y][power of x]
  };
  std::vector<Eigenimage> eigenimages;
  double inner_sigma = 1.0;  ///< of the first eigenimage's two Gaussians [pixel]
  double outer_sigma = 2.4;
  double outer_flux = 0.3;  ///< share of the outer one

  /// A PSF for one filter.
  ///
  /// \param fwhm           near the centre of the frame [pixel]
  /// \param width, height  of the frame [pixel]
  static FieldPsfModel make(double fwhm, int width, int height, Random& random);

  /// The PSF at a position, flux 1.
  Mixture at(almagest::Point position) const;
};

}  // namespace simulate

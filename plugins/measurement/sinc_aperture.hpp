#pragma once

#include "almagest/image.hpp"

/// Weights that integrate a band-limited image exactly over a circle (Bickerton & Lupton 2013;
/// science document, section 4 "CircularApertureFlux").
namespace measurement {

/// The weights of a circle centred on pixel (0, 0): the inverse Fourier transform of
/// r J1(2πrk)/k. Their sum is πr².
///
/// \param radius  [pixel], > 0
/// \returns a square of side 2·2^m − 1, m = max(3, ⌈log2 2r⌉), centred on (0, 0)
almagest::Image<float> sinc_aperture(double radius);

/// What a shift finds beyond the weights' square.
enum class ApertureBorder {
  zero,
  /// Nothing: rows and columns that the taps cannot reach keep their values (5 before and 4 after
  /// for d > 0, 4 and 5 for d ≤ 0), as in the LSST stack.
  unshifted
};

/// The weights of a circle moved by a fraction of a pixel, by Lanczos-5.
///
/// \param dx, dy  |d| < 1 [pixel]
almagest::Image<float> shifted_aperture(almagest::Image<float> const& weights, double dx, double dy,
                                        ApertureBorder border);

}  // namespace measurement

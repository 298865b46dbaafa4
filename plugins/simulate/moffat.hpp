#pragma once

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "gaussian.hpp"

namespace simulate {

/// An elliptical Moffat profile with β = 3: (2/π) √(ac − b²) / (1 + a·dx² + 2b·dx·dy + c·dy²)³,
/// flux 1.
struct Moffat {
  double a = 1.0, b = 0.0, c = 1.0;  ///< [1/pixel²]

  /// \param fwhm    geometric mean of the axes' [pixel]
  /// \param e1, e2  ellipticity: (x² − y²)/(x² + y²) and 2xy/(x² + y²) of the axes
  static Moffat of(double fwhm, double e1, double e2);

  /// Per pixel area, at an offset from the centre.
  double value(double dx, double dy) const noexcept {
    double const q = 1.0 + a * dx * dx + 2.0 * b * dx * dy + c * dy * dy;
    return height() / (q * q * q);
  }
  double height() const noexcept;
  /// The same as a sum of Gaussians: it is a scale mixture of them, ∫ t e^−t N(Σ/t) dt.
  Mixture mixture() const;
};

/// Adds a star to an image: the profile integrated over each pixel, wherever it exceeds `faintest`.
void add_star(almagest::Image<float>& image, Moffat const& psf, double flux, almagest::Point centre,
              double faintest);
/// The pixels that add_star() would touch.
almagest::Box star_extent(Moffat const& psf, double flux, almagest::Point centre, double faintest);

}  // namespace simulate

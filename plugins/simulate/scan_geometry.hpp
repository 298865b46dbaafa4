#pragma once

#include <array>

#include "almagest/geometry.hpp"
#include "random.hpp"

namespace simulate {

/// Where the pixels of an SDSS frame look, in the terms of an asTrans file: a great circle with its
/// node and inclination [deg], a linear map from row and column to (μ, ν) [deg], and cubic
/// corrections that depend on the column [pixel].
struct ScanGeometry {
  double node = 95.0;
  double inclination = 0.0;
  std::array<double, 3> mu{};            ///< a, b, c: μ = a + b row' + c column'
  std::array<double, 3> nu{};            ///< d, e, f
  std::array<double, 4> row_terms{};     ///< dRow0 … dRow3
  std::array<double, 4> column_terms{};  ///< dCol0 … dCol3

  /// A plausible frame whose middle is at (mu, nu) [deg].
  static ScanGeometry make(double mu_centre, double nu_centre, int width, int height,
                           Random& random);

  /// Great-circle coordinates (μ, ν) [deg] of a pixel position.
  almagest::Point great_circle(almagest::Point pixel) const;
  /// The pixel position of great-circle coordinates.
  almagest::Point pixel(almagest::Point mu_nu) const;
  /// The sky (J2000) of great-circle coordinates [deg].
  almagest::SkyPoint sky(almagest::Point mu_nu) const;
};

}  // namespace simulate

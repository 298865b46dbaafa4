#pragma once

#include <array>
#include <filesystem>
#include <string_view>

#include "almagest/formatter.hpp"
#include "almagest/geometry.hpp"
#include "almagest/product.hpp"
#include "almagest/wcs.hpp"

namespace obs_sdss {

/// The astrometric solution of one SDSS frame (asTrans): pixel → great-circle coordinates (μ, ν) of
/// the scan → sky. Its colour terms are left out (science document, section 1).
struct AstrometricSolution {
  double node = 0.0;                     ///< ascending node of the scan's great circle [rad]
  double inclination = 0.0;              ///< of the great circle [rad]
  std::array<double, 3> mu{};            ///< a, b, c: μ = a + b row' + c column' [deg]
  std::array<double, 3> nu{};            ///< d, e, f: ν = d + e row' + f column' [deg]
  std::array<double, 4> row_terms{};     ///< dRow0 … dRow3, polynomial in the column [pixel]
  std::array<double, 4> column_terms{};  ///< dCol0 … dCol3, polynomial in the column [pixel]

  /// The sky (J2000) at a pixel position; 0 ≤ ra < 2π.
  almagest::SkyPoint sky(almagest::Point pixel) const noexcept;
};

/// \throws NotFoundError; DataError for a missing camcol, filter, field or column, naming the file
AstrometricSolution read_astrometric_solution(std::filesystem::path const& path,
                                              almagest::Formatter::ReadRequest const& request);

/// A TAN-SIP WCS that follows the solution over a box.
///
/// The lowest SIP order, from 2 to 5, whose residuals are below the tolerance everywhere on a dense
/// grid over the box.
/// \throws DataError when none is
almagest::WcsFit fit_tan_sip(AstrometricSolution const& solution, almagest::Box const& box,
                             double tolerance_mas);

}  // namespace obs_sdss

template <>
struct almagest::ProductTraits<obs_sdss::AstrometricSolution> {
  static constexpr std::string_view id = "obs_sdss.AstrometricSolution/1";
};

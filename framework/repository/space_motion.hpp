#pragma once

#include <array>

#include "repository/reference_shard.hpp"

namespace almagest {

/// Moves catalogued objects to another epoch: as one sees them from the Earth's place then.
///
/// The direction is r + t·μ − ϖ·E (Lindegren et al. 2012, eq. 4, without radial motion), with E the
/// Earth's barycentric place in au (ERFA eraEpv00; Fairhead & Bretagnon 1990).
class SpaceMotion {
 public:
  /// \param epoch_mjd_tai  NaN: objects stay where they are catalogued
  explicit SpaceMotion(double epoch_mjd_tai);

  SkyPoint position(CataloguedObject const& object) const;
  /// How far position() is from the catalogued one, at most [rad].
  double reach(CataloguedObject const& object) const;
  /// Per axis, the motion's error included [rad]; NaN when the catalogue gives none.
  double position_error(CataloguedObject const& object) const;

 private:
  double years_since(CataloguedObject const& object) const;

  double epoch_mjd_tai_;
  std::array<double, 3> earth_{};  // [au], barycentric, ICRS
};

}  // namespace almagest

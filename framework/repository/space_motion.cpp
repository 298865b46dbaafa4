#include "repository/space_motion.hpp"

#include <erfa.h>
#include <erfam.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace almagest {
namespace {

constexpr double days_per_year = 365.25;  // Julian
constexpr double earth_reach_au = 1.03;   // aphelion, and the Sun's way about the barycentre
constexpr double tai_to_tt_days = 32.184 / 86400.0;  // TDB differs by 2 ms at most

}  // namespace

SpaceMotion::SpaceMotion(double epoch_mjd_tai) : epoch_mjd_tai_(epoch_mjd_tai) {
  if (!std::isfinite(epoch_mjd_tai)) return;
  double heliocentric[2][3], barycentric[2][3];  // au, au/day
  // The status warns of dates outside 1900 to 2100, where it still is good to 1e-4 au.
  eraEpv00(ERFA_DJM0, epoch_mjd_tai + tai_to_tt_days, heliocentric, barycentric);
  earth_ = {barycentric[0][0], barycentric[0][1], barycentric[0][2]};
}

double SpaceMotion::years_since(CataloguedObject const& object) const {
  double const years = (epoch_mjd_tai_ - object.epoch_mjd_tai) / days_per_year;
  return std::isfinite(years) ? years : 0.0;  // an object without an epoch has no motion either
}

SkyPoint SpaceMotion::position(CataloguedObject const& object) const {
  double const years = years_since(object);
  double const east = years * object.pm_ra, north = years * object.pm_dec;
  if (east == 0.0 && north == 0.0 && object.parallax == 0.0) return object.position;
  double const cos_ra = std::cos(object.position.ra), sin_ra = std::sin(object.position.ra);
  double const cos_dec = std::cos(object.position.dec), sin_dec = std::sin(object.position.dec);
  double const x = cos_dec * cos_ra - east * sin_ra - north * sin_dec * cos_ra;
  double const y = cos_dec * sin_ra + east * cos_ra - north * sin_dec * sin_ra;
  double const z = sin_dec + north * cos_dec;
  double const seen_x = x - object.parallax * earth_[0];
  double const seen_y = y - object.parallax * earth_[1];
  double const seen_z = z - object.parallax * earth_[2];
  double const ra = std::atan2(seen_y, seen_x);
  return {ra < 0 ? ra + 2 * std::numbers::pi : ra, std::atan2(seen_z, std::hypot(seen_x, seen_y))};
}

double SpaceMotion::reach(CataloguedObject const& object) const {
  double const way = std::abs(years_since(object)) * std::hypot(object.pm_ra, object.pm_dec) +
                     earth_reach_au * std::abs(object.parallax);
  return std::asin(std::min(way, 1.0));
}

double SpaceMotion::position_error(CataloguedObject const& object) const {
  double const years = years_since(object);
  double const ra = std::hypot(object.ra_error, years * object.pm_ra_error);
  double const dec = std::hypot(object.dec_error, years * object.pm_dec_error);
  return std::hypot(ra, dec) / std::numbers::sqrt2;
}

}  // namespace almagest

#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/geometry.hpp"

namespace simulate {

/// The broad bands in which an object's brightness is known.
inline constexpr std::array<char, 6> sky_bands{'u', 'g', 'r', 'i', 'z', 'y'};
/// The band of a filter: the first letter that is one, without what names the camera: "HSC-R2" is
/// r, "i_39" i; narrow bands ("NB0921", 921 nm) the nearest one; r where nothing is known.
char band_of_filter(std::string_view filter);
std::size_t band_index(char band);

/// A star or galaxy.
struct SkySource {
  std::int64_t id = 0;
  almagest::SkyPoint position;            ///< ICRS, at the time of the exposures
  std::array<double, 6> magnitude{};      ///< AB, by sky_bands
  bool galaxy = false;                    ///< an exponential disc
  double half_light_radius_arcsec = 0.0;  ///< galaxies, along the major axis
  double axis_ratio = 1.0;
  double angle = 0.0;  ///< of the major axis, from east towards north [rad]
};

struct SkySettings {
  double stars = 8.0;       ///< [1/arcmin²]
  double galaxies = 12.0;   ///< [1/arcmin²]
  double brightest = 14.5;  ///< star, r [mag]
  double faintest = 25.0;   ///< r [mag]
};

/// The sources of a synthetic sky in the cells of 3′ that some circles touch. The seed fixes the
/// whole sky: an object does not depend on where one looks.
std::vector<SkySource> synthetic_sky(std::vector<almagest::SkyCircle> const& regions,
                                     SkySettings const& settings, std::uint64_t seed);

/// The sources of reference shards `<HTM id>.fits` or `…_<HTM id>_refcats.fits` of level 7 (columns
/// id, coord_ra, coord_dec,
/// `<band>_flux`) in some circles. Above 20th magnitude 60 % are taken to be galaxies.
///
/// \param positions  shards with better places of bright stars (Gaia's), or ""
/// \throws DataError when there is no shard for a region, or one lacks a column
std::vector<SkySource> sky_of_shards(std::filesystem::path const& fluxes,
                                     std::filesystem::path const& positions,
                                     std::vector<almagest::SkyCircle> const& regions,
                                     std::uint64_t seed);

}  // namespace simulate

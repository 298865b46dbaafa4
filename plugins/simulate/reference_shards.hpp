#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "scene.hpp"

namespace simulate {

/// How the synthetic sky's reference catalogue is.
struct ReferenceSettings {
  double depth = 21.0;           ///< faintest star, in r [mag]
  double position_error = 5.0;   ///< standard deviation per axis, as catalogued [mas]
  double flux_error = 0.005;     ///< standard deviation of each band's flux [mag]
  double proper_motion = 5.0;    ///< standard deviation per axis [mas/yr]
  double observed_mjd = 0.0;     ///< when the stars are where the truth has them, TAI
  double epoch_mjd = 57205.875;  ///< of the catalogue, TAI: Gaia's J2015.5
};

/// A star of a reference catalogue, where it is when it is observed.
struct ReferenceStar {
  std::int64_t id = 0;
  almagest::SkyPoint position;
  std::vector<double> magnitude;  ///< AB, by band
};

/// Writes stars as LSST shards its reference catalogues: a file `<HTM id of level 7>.fits` per
/// triangle with positions [rad], fluxes in the bands [nJy], their errors, epoch and proper motions
/// [rad/yr].
///
/// \param depth_band  the band whose magnitudes settings.depth limits
/// \throws DataError naming the file that cannot be written
void write_reference_shards(std::filesystem::path const& directory,
                            std::vector<ReferenceStar> const& stars,
                            std::vector<std::string> const& bands, std::size_t depth_band,
                            ReferenceSettings const& settings, std::uint64_t seed);

/// The same for the stars of an SDSS scene, in u g r i z. Ids are those of the truth: the object's
/// number, from 1.
///
/// \param sky  the objects' places at `observed_mjd`
/// \throws DataError naming the file that cannot be written
void write_reference_shards(std::filesystem::path const& directory,
                            std::vector<SkyObject> const& objects,
                            std::vector<almagest::SkyPoint> const& sky,
                            ReferenceSettings const& settings, std::uint64_t seed);

}  // namespace simulate

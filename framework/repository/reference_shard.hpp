#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "almagest/geometry.hpp"

namespace almagest {

/// One row of a shard. What the table does not tell, or tells as bad, is NaN, and 0 for motions.
struct CataloguedObject {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

  std::int64_t id = 0;
  SkyPoint position;          ///< ICRS, at the epoch
  double ra_error = unknown;  ///< [rad], along the parallel
  double dec_error = unknown;
  double epoch_mjd_tai = unknown;
  double pm_ra = 0.0;  ///< [rad/yr], along the parallel: dα/dt·cos δ
  double pm_dec = 0.0;
  double pm_ra_error = 0.0;
  double pm_dec_error = 0.0;
  double parallax = 0.0;  ///< [rad]; a negative one is as good an estimate as any other
};

/// One file of a reference catalogue, as LSST writes them (ISR document, section 5).
struct ReferenceShard {
  struct Band {
    std::string name;
    std::vector<double> flux;        ///< [nJy], NaN where there is none or it is not positive
    std::vector<double> flux_error;  ///< [nJy], NaN where it is not positive
    std::string problem;             ///< why there are no numbers: another unit
  };

  std::vector<CataloguedObject> objects;  ///< those with a position
  std::vector<Band> bands;                ///< by name
  std::string no_motions;                 ///< why the motions cannot be used; empty when they can
  bool was_in_jansky = false;

  Band const* band(std::string const& name) const noexcept;
  std::size_t bytes() const noexcept;
};

/// Fluxes of a table without REFCAT_FORMAT_VERSION, or of version 0, are in Jy and are converted.
///
/// A column of fluxes in another unit than these is left out: nobody may ask for that band.
/// Motions are used when the table has `epoch` [MJD TAI, day], `pm_ra` and `pm_dec` [rad or
/// rad/yr]; the bits `pm_flag` and `parallax_flag` take them from single objects.
///
/// Every column is decoded, wanted or not, and the table is in memory beside the result: of a row
/// of Gaia's shards that is 189 bytes, 60 of them for nothing. A shard is read once per run (see
/// ShardCache), and every band is kept for whoever asks next.
/// \throws NotFoundError, DataError naming the file, for what is no such table
ReferenceShard read_reference_shard(std::filesystem::path const& path);

/// The names in `<band>_flux` columns.
/// \throws as read_reference_shard()
std::vector<std::string> read_reference_bands(std::filesystem::path const& path);

}  // namespace almagest

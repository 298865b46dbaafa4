#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "repository/refcat_rows.hpp"

namespace almagest {

/// How a catalogue's columns are called where they are not called as expected: `ra` to "RAJ2000" or
/// "RAJ2000:deg".
using ColumnMap = std::map<std::string, std::string>;

/// One row of a shard, in the order of ShardLayout::columns.
struct CatalogueRow {
  std::int64_t id = 0;
  std::vector<double> values;  ///< coord_ra and coord_dec first [rad]
};

/// Which columns the shards of a catalogue have.
struct ShardLayout {
  struct Column {
    std::string name, unit, doc;
    bool operator==(Column const&) const = default;
  };
  std::vector<Column> columns;
  bool operator==(ShardLayout const&) const = default;
};

/// Turns rows of an input table into rows of shards.
///
/// Known are `id`, `ra`, `dec`, `raErr`, `decErr`, `pm_ra` (along the parallel), `pm_dec`,
/// `pm_raErr`, `pm_decErr`, `parallax`, `parallaxErr`, `epoch`, and for each band `BAND_mag` (AB),
/// `BAND_magErr`, `BAND_flux`, `BAND_fluxErr`. A unit is that of the map, or the file's, or else
/// deg (ra, dec), mas and mas/yr (errors, motions, parallaxes), nJy, mag, and MJD (TAI).
class CatalogueColumns {
 public:
  /// \param epoch  for catalogues without such a column [MJD TAI]
  /// \throws ConfigError for a name of the map that is not known, or a column or unit that is not
  /// there; DataError naming the file when ra or dec is missing
  CatalogueColumns(std::string const& file, std::vector<InputColumn> const& input,
                   ColumnMap const& map, std::optional<double> epoch);

  /// Which columns of the input to read, for RowSource::choose().
  std::vector<std::size_t> const& chosen() const noexcept { return chosen_; }
  ShardLayout const& layout() const noexcept { return layout_; }
  bool has_id() const noexcept { return has_id_; }
  /// \param values  of the chosen columns
  /// \returns none for a row without a position
  /// \throws DataError for a declination beyond the poles, or an epoch that is none
  std::optional<std::vector<double>> convert(std::vector<double> const& values) const;

 private:
  struct Source {
    enum class Kind { scaled, year, flux, magnitude, flux_error, magnitude_error, constant };
    Kind kind = Kind::scaled;
    double factor = 1.0;
    std::size_t value = 0;      ///< among the chosen
    std::size_t magnitude = 0;  ///< of a magnitude's error: where the magnitude is
  };
  class Builder;
  void add(ShardLayout::Column column, Source source);

  std::vector<std::size_t> chosen_;
  ShardLayout layout_;
  std::vector<Source> sources_;
  bool has_id_ = false;
};

}  // namespace almagest

#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/data_id.hpp"
#include "host/catalog_table.hpp"

namespace almagest {

/// What a catalogue is compared in: a logical name, and the column that the LSST stack keeps it in.
struct LogicalColumn {
  enum class Kind { number, flag, id, text };
  char const* name;
  char const* stack_name;
  Kind kind;
};
std::span<LogicalColumn const> logical_columns();

/// The frame that a source was found in; -1 and "" where that is not known.
struct FrameKey {
  std::string filter;
  std::int64_t run = -1;
  std::int64_t camcol = -1;
  std::int64_t field = -1;
  DataId others = {};  ///< the keys of another instrument, as visit and ccd

  /// "run=4192 camcol=4 field=300 filter=r"; "all" where nothing is known.
  std::string str() const;
  /// By filter from blue to red, then by the numbers.
  std::strong_ordering operator<=>(FrameKey const& other) const;
  bool operator==(FrameKey const& other) const = default;
};

/// A catalogue under logical names. Positions are pixels, (0, 0) at the centre of the first;
/// `ra` and `dec` are degrees.
struct ComparedCatalog {
  std::string file;        ///< for messages
  std::string angle_note;  ///< how `ra` and `dec` were read, where nothing told their unit
  std::size_t rows = 0;
  std::map<std::string, std::vector<double>, std::less<>> numbers;
  std::map<std::string, std::vector<std::uint8_t>, std::less<>> flags;
  std::vector<std::int64_t> ids;  ///< empty when there are none
  std::vector<FrameKey> frames;   ///< empty when they are not known

  /// The values of a logical column, or none.
  std::span<double const> number(std::string_view name) const noexcept;
  std::span<std::uint8_t const> flag(std::string_view name) const noexcept;
  /// All of these columns.
  bool has(std::initializer_list<std::string_view> names) const noexcept;
  ComparedCatalog subset(std::span<std::size_t const> selected) const;
};

/// How a file's columns become logical ones.
struct ColumnChoice {
  std::map<std::string, std::string> names;  ///< logical name → column, before all defaults
  std::map<std::string, std::string> units;  ///< "ra" or "dec" → "deg" or "rad", before the file's
  int origin = 0;                            ///< of the pixel positions: 1 where FITS counts
};

/// `x=X_IMAGE` → names["x"] = "X_IMAGE"; `ra=RA:deg` → units["ra"] = "deg" too.
/// \throws ConfigError for an unknown logical name
void add_column_choice(ColumnChoice& choice, std::string const& word);

/// A logical column is the one that `choice` names, else the stack's, else one of the logical name
/// itself.
///
/// Frames come from the columns of the data ID that `export` writes before `id`, else from the
/// columns run and filter (with camcol and field where there are any), else from the data ID in a
/// product's primary header. How an instrument numbers its exposures within the ids no file tells:
/// only those of the stack's text are taken apart, as SDSS', when all of them can be.
///
/// `ra` and `dec` have one unit: what `choice` tells of either, else what the file does. Otherwise
/// the stack's columns outside its text are radians, if no right ascension is beyond ±2π and no
/// declination beyond ±π/2; everything else is degrees.
///
/// \throws ConfigError when `choice` names a column that there is not, or two units; DataError when
/// there is no position, or when the file tells two units or one that is neither radians nor
/// degrees
ComparedCatalog compared_catalog(CatalogTable const& table, ColumnChoice const& choice);

}  // namespace almagest

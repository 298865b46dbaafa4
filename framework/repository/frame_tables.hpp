#pragma once

#include <SQLiteCpp/Database.h>

#include <array>
#include <string>
#include <vector>

#include "almagest/instrument.hpp"
#include "instrument/frame_storage.hpp"

/// The registry's tables of what was ingested:
///
///     raw          the camera's columns, one row per frame           (also in a Gen2 registry)
///     raw_visit    some of them, one row per visit                   (also in a Gen2 registry)
///     raw_file     the file of each row of `raw`, and what its headers say in the words that all
///                  cameras share
///     calib        calibrations with their keys and validity
///     quarantine   files that could not be taken, with the reason
namespace almagest {

/// What frame tables are made for.
struct FrameTablesOf {
  FrameStorage const& storage;
  std::vector<DataIdKey> const& keys;
  /// As LSST's Gen2 middleware makes them: no STRICT, types INT and DOUBLE.
  bool gen2 = false;
};

/// A property of ObservationInfo that `raw_file` keeps, so that it can be named in a selection.
struct FileProperty {
  char const* name;
  FrameColumn::Type type;
};
inline constexpr std::array<FileProperty, 11> file_properties = {{
    {"observation_type", FrameColumn::Type::text},
    {"object", FrameColumn::Type::text},
    {"science_program", FrameColumn::Type::text},
    {"begin", FrameColumn::Type::number},
    {"end", FrameColumn::Type::number},
    {"exposure_time", FrameColumn::Type::number},
    {"dark_time", FrameColumn::Type::number},
    {"ra", FrameColumn::Type::number},
    {"dec", FrameColumn::Type::number},
    {"boresight_rotation_angle", FrameColumn::Type::number},
    {"boresight_airmass", FrameColumn::Type::number},
}};

/// Columns of `raw_file` that are about the file and not about the sky.
inline constexpr std::array<char const*, 6> file_bookkeeping = {"path", "source",      "mode",
                                                                "size", "modified_ns", "checksum"};

/// Makes the tables that are missing, and of our own (not Gen2) registry the columns that are.
/// Inside a transaction of the caller.
void make_frame_tables(SQLite::Database& database, FrameTablesOf const& of);

/// `"name"` with quotes doubled.
std::string sql_identifier(std::string const& name);
/// The columns of a table, in their order; empty when there is none.
std::vector<std::string> table_columns(SQLite::Database& database, std::string const& table);

}  // namespace almagest

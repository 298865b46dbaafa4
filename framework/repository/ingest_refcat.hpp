#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "almagest/log.hpp"
#include "repository/refcat_columns.hpp"

namespace almagest {

struct RefcatRequest {
  std::filesystem::path repository;
  std::string name;  ///< of the catalogue: REPO/ref_cats/NAME
  std::vector<std::filesystem::path> files;
  ColumnMap map;
  std::optional<double> epoch_mjd;  ///< for tables without a column
  int level = 7;                    ///< of the HTM triangles
  /// Rows in memory; a single shard has to fit, too. [byte]
  std::size_t most_bytes = std::size_t{256} << 20;
};

struct RefcatSummary {
  std::size_t rows = 0, shards = 0;
  std::size_t without_position = 0;  ///< left out
};

/// Makes a reference catalogue of tables: FITS or comma-separated values, all with the same columns
/// as far as they are used. It appears complete or not at all. Rows without an `id` are numbered in
/// their order.
/// \throws ConfigError for what the request asks for and cannot be; DataError naming file and row
/// for a table that cannot be used, or when the catalogue cannot be written
RefcatSummary ingest_reference_catalog(RefcatRequest const& request, Log& log);

}  // namespace almagest

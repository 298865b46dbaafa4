#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sdss_files.hpp"

namespace simulate {

/// Writes what makes a directory an LSST Gen2 repository: `_mapper` and `registry.sqlite3` with one
/// row of table `raw` per frame. \throws DataError naming the path
void write_gen2_registry(std::filesystem::path const& repository, FieldDescription const& field,
                         std::vector<std::string> const& filters);

}  // namespace simulate

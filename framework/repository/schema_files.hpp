#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "almagest/formatter.hpp"
#include "almagest/schema.hpp"
#include "repository/repository.hpp"

namespace almagest {

/// Where a rerun keeps an empty table for each catalogue that it stores.
std::filesystem::path schema_directory(std::filesystem::path const& rerun);
std::filesystem::path schema_file(std::filesystem::path const& rerun, std::string const& dataset);

/// \param formatter  of source catalogues \throws DataError naming the path
void write_schema_file(std::filesystem::path const& path, Schema const& schema,
                       Formatter const& formatter);

/// A hash of the columns: names, types, units and descriptions.
std::string schema_hash(Schema const& schema);

/// The columns of a stored catalogue, for steps that read it: of the rerun, or of the nearest
/// repository that has it; nullptr when there is none.
std::unique_ptr<Schema> stored_schema(Repository const& repository, RerunRequest const& request,
                                      std::string const& dataset);

}  // namespace almagest

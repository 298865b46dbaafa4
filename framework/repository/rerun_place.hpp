#pragma once

#include <filesystem>
#include <string>

#include "repository/opened_repository.hpp"

namespace almagest {

/// Where the outputs of a run go, and where their rows stand.
struct RerunPlace {
  std::string name;  ///< of the rerun; "" for `--output`
  std::filesystem::path directory;
  std::filesystem::path registry;
};

/// \throws ConfigError for a name that is none, or a directory that cannot be used
RerunPlace rerun_place(OpenedRepository const& repository, RerunRequest const& request);

/// Makes the directory a repository and its registry, where they are missing.
/// \throws ConfigError when the directory belongs to something else or cannot be written
void prepare_rerun_place(OpenedRepository const& repository, RerunPlace const& place);

}  // namespace almagest

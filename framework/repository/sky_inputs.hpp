#pragma once

#include <string>
#include <vector>

#include "engine/pipeline.hpp"
#include "repository/dataset_finder.hpp"

/// The reference catalogues that a pipeline reads, looked for once, before any frame is.
namespace almagest {

/// \throws ConfigError when several catalogues could be meant, with how to choose
void refuse_ambiguous_catalogs(Pipeline const& pipeline, DatasetFinder const& finder);

/// What to warn of: catalogues that do not exist, so that the steps which read them will fail for
/// every data ID, and the run goes on without them.
/// \throws ConfigError when it cannot: none of these steps has on_failure = "continue"
std::vector<std::string> missing_catalogs(Pipeline const& pipeline, DatasetFinder const& finder);

}  // namespace almagest

#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/pipeline.hpp"
#include "repository/dataset_finder.hpp"

namespace almagest {

/// What one `[outputs]` entry stores, and under which names.
struct RerunOutput {
  StoredTypeRow type;
  DatasetNaming naming;
};

/// The outputs of a pipeline, by dataset type.
/// \throws ConfigError with every problem: a path that does not tell its data IDs apart, two
/// outputs with one path, a product without a formatter
std::map<std::string, RerunOutput> rerun_outputs(Pipeline const& pipeline,
                                                 OpenedRepository const& repository,
                                                 DatasetFinder const& finder);

}  // namespace almagest

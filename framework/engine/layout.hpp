#pragma once

#include <string>
#include <vector>

#include "engine/executor.hpp"
#include "engine/pipeline.hpp"

namespace almagest {

/// The steps that run on the same things: on each unit, or on each group of one `per`.
struct Level {
  std::vector<std::string> per;  ///< empty: the level of the units
  std::vector<int> steps;        ///< in step order
  std::vector<int> roots;        ///< steps that wait for no other step
  std::vector<int> terminals;    ///< steps that no other step waits for
  std::vector<int> gathers;      ///< levels whose products are gathered here, sorted
};

/// Where one step stands in the graph. A step waits for whoever writes what it may read.
struct StepLayout {
  int level = 0;
  std::vector<int> predecessors;  ///< of the same level, sorted
  std::vector<int> successors;
  std::vector<int> inputs;     ///< the different versions at its In and MaybeIn ports
  std::vector<int> gathered;   ///< the different versions at its GatherIn ports
  std::vector<int> outputs;    ///< the versions that it writes
  std::vector<int> fallbacks;  ///< for `on_failure = "continue"`: the version before each output
};

/// The graph of a pipeline: what follows from the pipeline alone, whatever the data.
struct Layout {
  /// \throws ConfigError with every problem: a product that crosses from one level to another
  ///         without being gathered, or that is gathered without being stored
  explicit Layout(Pipeline const& pipeline);

  std::vector<Level> levels;  ///< the units first; a level after those that it gathers from
  std::vector<StepLayout> steps;
};

/// Which version stands for each one: itself, or the one before it when its writer is absent;
/// −1 when nobody writes it.
std::vector<int> visible_versions(Pipeline const& pipeline, std::vector<StepPlan> const& steps);

/// The output through which a version is gathered, a kept one if there is any; −1 when the version
/// comes from the repository anyway.
int gathering_output(Pipeline const& pipeline, int version);

}  // namespace almagest

#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/index.hpp"
#include "engine/pipeline.hpp"

namespace almagest {

class Unit;

/// Named resources with capacities, taken all at once or not at all.
///
/// A resource is a queue: a unit that has to wait is put aside, no thread blocks. A unit never
/// overtakes an earlier one that waits for the same resource, so nobody starves.
class ResourcePool {
 public:
  /// A quantum that may start: its resources have been taken for it.
  struct Granted {
    int step = -1;
    std::shared_ptr<Unit> unit;
  };

  explicit ResourcePool(Pipeline const& pipeline);

  bool needs_any(int step) const { return !needs_[at(step)].empty(); }
  /// Takes the step's resources, or puts the unit aside until release() hands it back.
  /// \returns whether they were taken
  bool acquire(int step, std::shared_ptr<Unit> const& unit);
  /// Gives the step's resources back. \returns what that lets start
  std::vector<Granted> release(int step);

 private:
  std::vector<Granted> grant();

  std::mutex mutex_;
  std::vector<int> free_;                // by resource
  std::vector<std::vector<int>> needs_;  // by step: resources
  std::deque<Granted> waiting_;
};

}  // namespace almagest

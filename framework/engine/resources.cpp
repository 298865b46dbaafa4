#include "engine/resources.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace almagest {

ResourcePool::ResourcePool(Pipeline const& pipeline) {
  std::map<std::string, int> numbers;
  for (Step const& step : pipeline.steps) {
    std::vector<int>& needs = needs_.emplace_back();
    for (Resource const* resource : step.task->resources()) {
      auto const [entry, is_new] =
          numbers.emplace(resource->name(), static_cast<int>(numbers.size()));
      needs.push_back(entry->second);
      if (!is_new) continue;
      auto const capacity = pipeline.run.resources.find(resource->name());
      // A capacity of none would stop the run for ever.
      free_.push_back(std::max(1, capacity == pipeline.run.resources.end() ? 1 : capacity->second));
    }
  }
}

bool ResourcePool::acquire(int step, std::shared_ptr<Unit> const& unit) {
  std::lock_guard lock(mutex_);
  waiting_.push_back({step, unit});
  // Nobody who waited before could start, so whoever starts now is this one.
  return !grant().empty();
}

std::vector<ResourcePool::Granted> ResourcePool::release(int step) {
  std::lock_guard lock(mutex_);
  for (int r : needs_[at(step)]) ++free_[at(r)];
  return grant();
}

std::vector<ResourcePool::Granted> ResourcePool::grant() {
  std::vector<Granted> granted;
  std::vector<int> left = free_;  // what those who wait leave for those behind them
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    auto const& needs = needs_[at(waiting->step)];
    bool const enough = std::ranges::all_of(needs, [&](int r) { return left[at(r)] > 0; });
    for (int r : needs) --left[at(r)];
    if (!enough) {
      ++waiting;
      continue;
    }
    for (int r : needs) --free_[at(r)];
    granted.push_back(std::move(*waiting));
    waiting = waiting_.erase(waiting);
  }
  return granted;
}

}  // namespace almagest

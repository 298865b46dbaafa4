#include "almagest/task.hpp"

#include <algorithm>

namespace almagest {

char const* to_string(QuantumState state) noexcept {
  switch (state) {
    case QuantumState::ok:
      return "ok";
    case QuantumState::skipped:
      return "skipped";
    case QuantumState::failed:
      return "failed";
    case QuantumState::blocked:
      return "blocked";
  }
  return "?";
}

Outcome skip(std::string reason) {
  // An empty reason would read as done.
  return {reason.empty() ? "no reason given" : std::move(reason)};
}

Port::Port(Task& owner, Kind kind, std::string name, std::string_view product_id, std::string doc)
    : kind_(kind),
      name_(std::move(name)),
      product_id_(product_id),
      doc_(std::move(doc)),
      index_(owner.ports_.size()) {
  // An input and an output may share a name: the task rewrites that label.
  bool const taken = std::ranges::any_of(owner.ports_, [&](Port const* other) {
    return other->name() == name_ && other->is_input() == is_input();
  });
  if (taken)
    throw ConfigError((is_input() ? "input '" : "output '") + name_ + "' is declared twice");
  owner.ports_.push_back(this);
}

MetricBase::MetricBase(Task& owner, std::string name, std::string unit, std::string doc)
    : name_(std::move(name)), unit_(std::move(unit)), doc_(std::move(doc)) {
  if (std::ranges::find(owner.metrics_, name_, &MetricBase::name) != owner.metrics_.end())
    throw ConfigError("metric '" + name_ + "' is declared twice");
  owner.metrics_.push_back(this);
}

Resource::Resource(Task& owner, std::string name) : name_(std::move(name)) {
  if (std::ranges::find(owner.resources_, name_, &Resource::name) != owner.resources_.end())
    throw ConfigError("resource '" + name_ + "' is declared twice");
  owner.resources_.push_back(this);
}

Task::~Task() = default;
void Task::prepare(Setup&) {}

Setup::~Setup() = default;

Schema const& Setup::input_schema(Port const& port) const {
  if (Schema const* schema = find_schema(port)) return *schema;
  throw ConfigError("the columns of input '" + port.name() +
                    "' are not known: nothing in this run makes it and none is stored");
}

GatheredItem::~GatheredItem() = default;
Context::~Context() = default;

}  // namespace almagest

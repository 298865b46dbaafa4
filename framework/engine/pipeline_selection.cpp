#include <algorithm>
#include <set>
#include <utility>

#include "engine/index.hpp"
#include "engine/pipeline_resolve.hpp"

namespace almagest {
namespace {

/// Cuts a pipeline down to some of its steps.
class StepSelection {
 public:
  StepSelection(Pipeline& pipeline, std::map<std::string, std::vector<int>> const& groups)
      : p_(pipeline), groups_(groups), kept_(pipeline.steps.size(), false) {}

  void keep(std::vector<std::string> const& names) {
    for (std::string const& name : names) keep_named(name);
    problems_.raise();
    for (std::size_t s = 0; s < p_.steps.size(); ++s)
      if (kept_[s]) read_from_store(static_cast<int>(s));
    problems_.raise();
    cut();
  }

 private:
  void keep_named(std::string const& name) {
    if (auto const group = groups_.find(name); group != groups_.end()) {
      for (int s : group->second) kept_[at(s)] = true;
      return;
    }
    auto const step = std::ranges::find(p_.steps, name, &Step::name);
    if (step != p_.steps.end()) {
      kept_[static_cast<std::size_t>(step - p_.steps.begin())] = true;
      return;
    }
    std::vector<std::string> known;
    for (auto const& group : groups_) known.push_back(group.first);
    for (Step const& other : p_.steps) known.push_back(other.name);
    problems_.add(command_line_place("--steps", name),
                  "there is no such step or group" + nearest_name_hint(name, known));
  }

  /// What a kept step may read must be made by a kept step, or stored.
  void read_from_store(int s) {
    Step const& step = p_.steps[at(s)];
    for (Port const* port : step.task->ports()) {
      int const v = step.versions[port->index()];
      if (v < 0) continue;
      bool const falls_back = step.on_failure == OnFailure::keep_going;
      if (port->is_input())
        require(s, v);
      else if (falls_back && p_.versions[at(v)].previous >= 0)
        require(s, p_.versions[at(v)].previous);
    }
  }

  /// The version, and those before it that an absent or failing writer exposes.
  void require(int reader, int v) {
    while (v >= 0) {
      Version& version = p_.versions[at(v)];
      if (version.writer < 0) return;
      Step const& writer = p_.steps[at(version.writer)];
      if (!kept_[at(version.writer)]) {
        if (!store_of(v)) report(reader, v);
        return;
      }
      bool const exposes = writer.when || writer.on_failure == OnFailure::keep_going;
      if (!exposes) return;
      v = version.previous;
    }
  }

  /// The output that stores exactly this version and keeps it, or nullptr.
  Output const* store_of(int v) const {
    for (int o : p_.versions[at(v)].outputs)
      if (p_.outputs[at(o)].keep) return &p_.outputs[at(o)];
    return nullptr;
  }

  void report(int reader, int v) {
    if (!reported_.insert(v).second) return;
    Version const& version = p_.versions[at(v)];
    Step const& step = p_.steps[at(version.writer)];
    std::string const& writer = step.name;
    problems_.add({"--steps", 0, 0},
                  "step '" + p_.steps[at(reader)].name + "' reads '" + version.label +
                      "' as step '" + writer +
                      "' leaves it, which no output stores; add the step " + writer +
                      (step.group.empty() ? "" : " (group '" + step.group + "')") +
                      " to --steps, or add to [outputs]: " + version.label + '_' + writer +
                      " = \"" + version.label + '@' + writer + '"');
  }

  void cut() {
    std::vector<Output> outputs;
    std::vector<int> new_step(p_.steps.size(), -1);
    std::vector<Step> steps;
    for (std::size_t s = 0; s < p_.steps.size(); ++s) {
      if (!kept_[s]) continue;
      new_step[s] = static_cast<int>(steps.size());
      steps.push_back(std::move(p_.steps[s]));
    }
    for (std::size_t v = 0; v < p_.versions.size(); ++v) cut_version(static_cast<int>(v), new_step);
    for (Version& version : p_.versions) version.outputs.clear();
    for (Output& output : p_.outputs) {
      Version& version = p_.versions[at(output.version)];
      if (version.writer < 0) continue;  // made by a step that was left out
      version.outputs.push_back(static_cast<int>(outputs.size()));
      outputs.push_back(std::move(output));
    }
    p_.steps = std::move(steps);
    p_.outputs = std::move(outputs);
    forget_lost_versions();
  }

  /// Versions keep their places; only who writes and reads them changes.
  void cut_version(int v, std::vector<int> const& new_step) {
    Version& version = p_.versions[at(v)];
    std::vector<int> readers;
    for (int reader : version.readers)
      if (new_step[at(reader)] >= 0) readers.push_back(new_step[at(reader)]);
    version.readers = std::move(readers);
    if (version.writer < 0) return;
    Output const* const store = store_of(v);
    version.writer = new_step[at(version.writer)];
    if (version.writer >= 0) return;
    version.previous = -1;
    if (store) version.dataset = store->dataset;
  }

  /// A version that is neither made nor stored stands for nothing: a MaybeIn finds it empty.
  void forget_lost_versions() {
    auto const lost = [&](int v) {
      return v >= 0 && p_.versions[at(v)].writer < 0 && p_.versions[at(v)].dataset.empty();
    };
    for (Step& step : p_.steps)
      for (int& v : step.versions)
        if (lost(v)) v = -1;
    for (Version& version : p_.versions)
      if (lost(version.previous)) version.previous = -1;
  }

  Pipeline& p_;
  std::map<std::string, std::vector<int>> const& groups_;
  std::vector<bool> kept_;  // by step
  std::set<int> reported_;
  Problems problems_;
};

}  // namespace

void keep_steps(Pipeline& pipeline, std::map<std::string, std::vector<int>> const& groups,
                std::vector<std::string> const& names) {
  StepSelection(pipeline, groups).keep(names);
}

}  // namespace almagest

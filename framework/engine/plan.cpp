#include <algorithm>
#include <set>

#include "engine/executor.hpp"
#include "engine/index.hpp"
#include "engine/layout.hpp"

namespace almagest {

namespace {

using Columns = std::map<std::string, Value>;
using Stale =
    std::function<bool(Output const&, DataId const& id, std::vector<DataId> const& members)>;

/// Makes a RunPlan in four passes: who there is (units, groups), what `when` says, which outputs
/// are stale, and which steps these need.
///
/// Being stale goes forwards, from a member that is made again to its groups; being needed goes
/// backwards, from a group that runs to what its members do not keep.
class Planner {
 public:
  Planner(Pipeline const& pipeline, std::vector<UnitCandidate> const& candidates,
          Instrument const& instrument, Stale const& stale)
      : pipeline_(pipeline),
        candidates_(candidates),
        instrument_(instrument),
        stale_(stale),
        layout_(pipeline) {}

  RunPlan plan() {
    for (UnitCandidate const& candidate : candidates_)
      plan_.units.push_back(start(candidate.id, 0, candidate.columns));
    for (std::size_t level = 1; level < layout_.levels.size(); ++level) make_groups(level);
    problems_.raise();

    find_feeders();
    for (UnitPlan& unit : plan_.units) need_stale_outputs(unit, 0, {}, false);
    for (std::size_t g = 0; g < plan_.groups.size(); ++g)
      need_stale_outputs(plan_.groups[g].unit, level_of_[g], unit_ids(g), is_remade(g));
    for (std::size_t g = plan_.groups.size(); g-- > 0;) {
      need_idle_steps(plan_.groups[g].unit, level_of_[g]);
      need_unkept_members(g);
    }
    for (UnitPlan& unit : plan_.units) need_idle_steps(unit, 0);
    return std::move(plan_);
  }

 private:
  // Who there is, and `when`

  UnitPlan start(DataId id, std::size_t level, Columns const& columns) {
    UnitPlan unit{std::move(id), {}, {}};
    unit.steps.assign(pipeline_.steps.size(), StepPlan::absent);
    unit.store.assign(pipeline_.outputs.size(), false);
    for (int s : layout_.levels[level].steps)
      if (is_wanted(pipeline_.steps[at(s)], unit.id, columns))
        unit.steps[at(s)] = StepPlan::up_to_date;  // until something needs it
    check_inputs(unit, level);
    return unit;
  }

  std::optional<Value> look_up(std::string_view name, DataId const& id,
                               Columns const& columns) const {
    auto const direct = [&](std::string const& key) -> std::optional<Value> {
      if (auto const found = columns.find(key); found != columns.end()) return found->second;
      if (Value const* value = id.find(key)) return *value;
      return std::nullopt;
    };
    if (auto value = direct(std::string(name))) return value;
    std::string const key = instrument_.role(name);
    return key.empty() ? std::nullopt : direct(key);
  }

  /// What tells groups apart: for a role that of its key, also where a column has the role's name.
  std::optional<Value> value_of_key(std::string const& name, UnitCandidate const& unit) const {
    std::string const key = instrument_.role(name);
    if (!key.empty())
      if (auto value = look_up(key, unit.id, unit.columns)) return value;
    return look_up(name, unit.id, unit.columns);
  }

  std::optional<std::int64_t> index_of(std::string_view name, Value const& value) const {
    auto const* text = std::get_if<std::string>(&value);
    for (DataIdKey const& key : instrument_.keys()) {
      if (!text || (key.name != name && key.name != instrument_.role(name))) continue;
      auto const found = std::ranges::find(key.values, *text);
      if (found != key.values.end()) return found - key.values.begin();
    }
    return std::nullopt;
  }

  bool is_wanted(Step const& step, DataId const& id, Columns const& columns) {
    if (!step.when) return true;
    try {
      return step.when->test(
          {[&](std::string_view name) { return look_up(name, id, columns); },
           [&](std::string_view key, Value const& value) { return index_of(key, value); }});
    } catch (DataError const& e) {
      if (complained_.insert({&step, -1}).second)
        problems_.add(step.where,
                      "step '" + step.name + "': `when` for " + id.str() + ": " + e.what());
      return false;
    }
  }

  /// Every step that is not absent must find somebody who writes what it reads.
  void check_inputs(UnitPlan const& unit, std::size_t level) {
    std::vector<int> const visible = visible_versions(pipeline_, unit.steps);
    for (int s : layout_.levels[level].steps) {
      Step const& step = pipeline_.steps[at(s)];
      if (unit.steps[at(s)] == StepPlan::absent) continue;
      for (Port const* port : step.task->ports()) {
        int const v = step.versions[port->index()];
        if (port->kind() != Port::Kind::in || v < 0 || visible[at(v)] >= 0) continue;
        Version const& version = pipeline_.versions[at(v)];
        if (complained_.insert({&step, v}).second)
          problems_.add(step.where,
                        "step '" + step.name + "' reads '" + version.label +
                            "', which nobody writes for " + unit.id.str() + ": the `when` of '" +
                            pipeline_.steps[at(version.writer)].name + "' is false there");
      }
    }
  }

  void make_groups(std::size_t level) {
    std::vector<std::string> const& per = layout_.levels[level].per;
    Step const& first = pipeline_.steps[at(layout_.levels[level].steps.front())];
    std::map<DataId, std::vector<std::size_t>> found;
    for (std::size_t u = 0; u < candidates_.size(); ++u) {
      DataId id;
      for (std::string const& name : per) {
        auto value = value_of_key(name, candidates_[u]);
        if (value) {
          id.set(name, *std::move(value));
          continue;
        }
        problems_.add(first.where, "step '" + first.name + "' runs per '" + name + "', but " +
                                       candidates_[u].id.str() + " has no such value");
        return;
      }
      found[std::move(id)].push_back(u);
    }

    std::vector<std::pair<DataId, std::vector<std::size_t>>> sorted(found.begin(), found.end());
    std::ranges::stable_sort(sorted, [&](auto const& a, auto const& b) {
      return instrument_.id_less(in_keys(a.first), in_keys(b.first));
    });
    std::vector<std::size_t> group_of(candidates_.size());
    for (auto& [id, members] : sorted) {
      std::ranges::stable_sort(members, [&](std::size_t a, std::size_t b) {
        return instrument_.id_less(candidates_[a].id, candidates_[b].id);
      });
      for (std::size_t u : members) group_of[u] = plan_.groups.size();
      UnitPlan unit = start(id, level, common_columns(members));
      plan_.groups.push_back({std::move(unit), per, std::move(members), {}});
      level_of_.push_back(level);
    }
    nest_groups(level, group_of);
  }

  /// A role's value sorts as the value of the key that plays it.
  DataId in_keys(DataId const& id) const {
    DataId mapped;
    for (auto const& [name, value] : id.items()) {
      std::string const key = instrument_.role(name);
      mapped.set(key.empty() ? name : key, value);
    }
    return mapped;
  }

  /// What a group's `when` may ask: the columns in which all members agree.
  Columns common_columns(std::vector<std::size_t> const& members) const {
    Columns common = candidates_[members.front()].columns;
    for (auto const& [key, value] : candidates_[members.front()].id.items())
      common.emplace(key, value);
    std::erase_if(common, [&](auto const& column) {
      return std::ranges::any_of(members, [&](std::size_t u) {
        return look_up(column.first, candidates_[u].id, candidates_[u].columns) != column.second;
      });
    });
    return common;
  }

  /// Finds the finer groups that each group of a level gathers from.
  void nest_groups(std::size_t level, std::vector<std::size_t> const& group_of) {
    for (std::size_t g = 0; g < plan_.groups.size(); ++g) {
      auto const& from = layout_.levels[level].gathers;
      if (std::ranges::find(from, static_cast<int>(level_of_[g])) == from.end()) continue;
      GroupPlan const& finer = plan_.groups[g];
      std::size_t const outer = group_of[finer.members.front()];
      for (std::size_t u : finer.members)
        if (group_of[u] != outer) {
          Step const& step = pipeline_.steps[at(layout_.levels[level].steps.front())];
          problems_.add(step.where,
                        "step '" + step.name +
                            "' gathers groups that do not nest: " + finer.unit.id.str() +
                            " belongs to " + plan_.groups[outer].unit.id.str() + " and to " +
                            plan_.groups[group_of[u]].unit.id.str() + "; split the pipeline");
          return;
        }
      plan_.groups[outer].groups.push_back(g);
    }
  }

  // What is stale, and what that needs

  /// Marks the steps from which some output can be reached within their level.
  void find_feeders() {
    feeds_.assign(pipeline_.steps.size(), false);
    level_stores_.assign(layout_.levels.size(), false);
    std::vector<int> todo;
    for (Output const& output : pipeline_.outputs)
      if (int const writer = pipeline_.versions[at(output.version)].writer; writer >= 0) {
        todo.push_back(writer);
        level_stores_[at(layout_.steps[at(writer)].level)] = true;
      }
    while (!todo.empty()) {
      int const s = todo.back();
      todo.pop_back();
      if (feeds_[at(s)]) continue;
      feeds_[at(s)] = true;
      todo.insert(todo.end(), layout_.steps[at(s)].predecessors.begin(),
                  layout_.steps[at(s)].predecessors.end());
    }
  }

  /// The step that makes what an output stores for this unit, or −1.
  int storing_step(std::vector<int> const& visible, Output const& output, std::size_t level) const {
    int const v = visible[at(output.version)];
    int const writer = v < 0 ? -1 : pipeline_.versions[at(v)].writer;
    return writer >= 0 && at(layout_.steps[at(writer)].level) == level ? writer : -1;
  }

  void need_stale_outputs(UnitPlan& unit, std::size_t level, std::vector<DataId> const& members,
                          bool all) {
    std::vector<int> const visible = visible_versions(pipeline_, unit.steps);
    for (std::size_t o = 0; o < pipeline_.outputs.size(); ++o) {
      Output const& output = pipeline_.outputs[o];
      int const writer = storing_step(visible, output, level);
      if (writer < 0 || !output.keep) continue;
      // Asked in any case: the store keeps the members with what the group will store.
      if (bool const is_stale = stale_(output, unit.id, members); !is_stale && !all) continue;
      unit.store[o] = true;
      need(unit, visible, writer);
    }
  }

  /// A step runs, and whoever makes what it reads or what would stand in for its outputs.
  void need(UnitPlan& unit, std::vector<int> const& visible, int s) {
    if (unit.steps[at(s)] != StepPlan::up_to_date) return;
    unit.steps[at(s)] = StepPlan::run;
    auto const need_version = [&](int v) {
      if (v < 0 || visible[at(v)] < 0) return;
      if (int const writer = pipeline_.versions[at(visible[at(v)])].writer; writer >= 0)
        need(unit, visible, writer);
    };
    for (int v : layout_.steps[at(s)].inputs) need_version(v);
    for (int v : layout_.steps[at(s)].fallbacks) need_version(v);
  }

  /// Steps that feed no output run along with the others of their unit.
  void need_idle_steps(UnitPlan& unit, std::size_t level) {
    if (level_stores_[level] && !has_work(unit)) return;
    std::vector<int> const visible = visible_versions(pipeline_, unit.steps);
    for (int s : layout_.levels[level].steps)
      if (!feeds_[at(s)]) need(unit, visible, s);
  }

  /// Calls f(member, its level, version, output) for all that a group gathers from steps of this
  /// run. `only_running` leaves out what only steps that do not run would gather.
  template <class F>
  void each_gathered(std::size_t g, bool only_running, F const& f) {
    GroupPlan const& group = plan_.groups[g];
    for (int s : layout_.levels[level_of_[g]].steps) {
      if (group.unit.steps[at(s)] == StepPlan::absent) continue;
      if (only_running && group.unit.steps[at(s)] != StepPlan::run) continue;
      for (int v : layout_.steps[at(s)].gathered) {
        int const o = gathering_output(pipeline_, v);
        if (o < 0) continue;
        std::size_t const from = at(layout_.steps[at(pipeline_.versions[at(v)].writer)].level);
        if (from == 0)
          for (std::size_t u : group.members) f(plan_.units[u], from, std::vector<DataId>{}, o);
        else
          for (std::size_t finer : group.groups)
            if (level_of_[finer] == from) f(plan_.groups[finer].unit, from, unit_ids(finer), o);
      }
    }
  }

  bool is_remade(std::size_t g) {
    bool remade = false;
    each_gathered(g, false, [&](UnitPlan& member, std::size_t, std::vector<DataId> const&, int o) {
      remade = remade || member.store[at(o)];
    });
    return remade;
  }

  /// What a group that runs gathers, but its members do not keep, is made again.
  void need_unkept_members(std::size_t g) {
    each_gathered(
        g, true, [&](UnitPlan& member, std::size_t level, std::vector<DataId> const& units, int o) {
          Output const& output = pipeline_.outputs[at(o)];
          if (output.keep || member.store[at(o)]) return;
          std::vector<int> const visible = visible_versions(pipeline_, member.steps);
          int const writer = storing_step(visible, output, level);
          if (writer < 0 || !stale_(output, member.id, units)) return;
          member.store[at(o)] = true;
          need(member, visible, writer);
        });
  }

  std::vector<DataId> unit_ids(std::size_t g) const {
    std::vector<DataId> ids;
    for (std::size_t u : plan_.groups[g].members) ids.push_back(plan_.units[u].id);
    return ids;
  }

  Pipeline const& pipeline_;
  std::vector<UnitCandidate> const& candidates_;
  Instrument const& instrument_;
  Stale const& stale_;
  Layout layout_;
  RunPlan plan_;
  std::vector<std::size_t> level_of_;  // by group
  std::vector<bool> feeds_;            // by step: whether an output can be reached from it
  std::vector<bool> level_stores_;     // by level: whether anything of it is stored
  Problems problems_;
  std::set<std::pair<Step const*, int>> complained_;  // one message per step and version
};

}  // namespace

bool has_work(UnitPlan const& plan) noexcept {
  return std::ranges::find(plan.steps, StepPlan::run) != plan.steps.end();
}

std::size_t count_to_run(RunPlan const& plan) noexcept {
  auto const groups = std::ranges::count_if(
      plan.groups, [](GroupPlan const& group) { return has_work(group.unit); });
  return static_cast<std::size_t>(std::ranges::count_if(plan.units, has_work) + groups);
}

RunPlan plan_run(Pipeline const& pipeline, std::vector<UnitCandidate> const& candidates,
                 Instrument const& instrument,
                 std::function<bool(Output const&, DataId const& id,
                                    std::vector<DataId> const& members)> const& stale) {
  return Planner(pipeline, candidates, instrument, stale).plan();
}

}  // namespace almagest

#include <algorithm>
#include <set>
#include <utility>

#include "engine/index.hpp"
#include "engine/pipeline_resolve.hpp"

namespace almagest {
namespace {

void check_top(Resolution& r) {
  ConfigValue const& root = r.document.root;
  for (auto const& [key, value] : root.table()) {
    auto const& known = pipeline_keys();
    if (std::ranges::find(known, key) == known.end())
      r.problems.add(value.key_where,
                     "a pipeline has no key '" + key + "'" + nearest_name_hint(key, known));
  }
  if (!root.find("schema"))
    r.problems.add({r.document.file, 0, 0}, "there is no 'schema'; write schema = 1");
  if (ConfigValue const* title = root.find("title")) {
    if (title->is_string())
      r.pipeline.title = title->string();
    else
      r.problems.add(title->where,
                     std::string("'title' wants a string, got ") + title->type_name());
  }
  if (ConfigValue const* select = root.find("select"))
    r.pipeline.select = read_condition(*select, "'select'", r);
}

/// A positive whole number that fits an int, or nothing and a problem.
std::optional<int> read_count(ConfigValue const& value, std::string const& what,
                              Problems& problems) {
  auto const* number = std::get_if<std::int64_t>(&value.data);
  if (number && *number >= 1 && std::in_range<int>(*number)) return static_cast<int>(*number);
  problems.add(value.where, what + " wants a whole number above 0, got " + to_toml(value));
  return std::nullopt;
}

void read_resources(Resolution& r, ConfigValue const& resources) {
  if (!resources.is_table()) {
    r.problems.add(resources.where,
                   std::string("[run]: 'resources' wants a table, got ") + resources.type_name());
    return;
  }
  std::set<std::string> used;
  for (Step const& step : r.pipeline.steps)
    for (Resource const* resource : step.task->resources()) used.insert(resource->name());
  std::vector<std::string> const names(used.begin(), used.end());
  for (auto const& [name, value] : resources.table()) {
    if (auto const capacity = read_count(value, "[run]: resource '" + name + "'", r.problems))
      r.pipeline.run.resources[name] = *capacity;
    bool const judged = r.document.own(value.key_where) && !r.after_gap(r.pipeline.steps.size());
    if (judged && !used.contains(name))
      r.problems.add(value.key_where, "[run]: no step uses a resource '" + name + "'" +
                                          nearest_name_hint(name, names));
  }
}

// ---- the complete document --------------------------------------------------------------------

/// Gives what the user wrote its place, and what is a default none.
void copy_places(ConfigValue& complete, ConfigValue const* given) {
  complete.where = given ? given->where : Where();
  complete.key_where = given ? given->key_where : Where();
  if (auto* table = std::get_if<ConfigValue::Table>(&complete.data))
    for (auto& [key, value] : *table) copy_places(value, given ? given->find(key) : nullptr);
}

/// Labels that are not their port's name anyway.
ConfigValue renamed(ConfigValue const& labels) {
  ConfigValue result;
  for (auto const& [port, label] : labels.table())
    if (!(label == ConfigValue(port))) result.set(port, label);
  return result;
}

ConfigValue complete_task(Step const& step, TaskTable const& task) {
  ConfigValue table;
  table.where = task.where;
  table.set("use", task.use);
  ConfigValue params = step.task->configuration();
  copy_places(params, &task.params);
  if (!params.table().empty()) table.set("params", std::move(params));
  for (auto const& [key, labels] :
       {std::pair("in", renamed(task.in)), std::pair("out", renamed(task.out))})
    if (!labels.table().empty()) table.set(key, labels);
  if (task.per_value) table.set("per", *task.per_value);
  if (task.when) table.set("when", *task.when);
  if (step.on_failure == OnFailure::keep_going) table.set("on_failure", *task.on_failure);
  return table;
}

/// `{ label = "x" }` in its short form again.
ConfigValue shortened(ConfigValue const& table, char const* key) {
  ConfigValue result;
  for (auto const& [name, value] : table.table()) {
    bool const alone = value.table().size() == 1 && value.find(key);
    result.set(name, alone ? *value.find(key) : value);
  }
  return result;
}

}  // namespace

void resolve_run_settings(Resolution& r) {
  ConfigValue const* const run = r.document.root.find("run");
  if (!run) return;
  if (!run->is_table()) {
    r.problems.add(run->where, std::string("'run' wants a table, got ") + run->type_name());
    return;
  }
  check_keys(*run, "[run]", {"max_in_flight", "on_failure", "resources"}, r.problems);
  if (ConfigValue const* units = run->find("max_in_flight"))
    r.pipeline.run.max_in_flight = read_count(*units, "[run]: 'max_in_flight'", r.problems)
                                       .value_or(r.pipeline.run.max_in_flight);
  if (ConfigValue const* on_failure = run->find("on_failure")) {
    r.pipeline.run.stop_on_failure = *on_failure == ConfigValue("stop");
    if (!r.pipeline.run.stop_on_failure && !(*on_failure == ConfigValue("continue")))
      r.problems.add(on_failure->where, "[run]: 'on_failure' must be 'continue' or 'stop', got " +
                                            to_toml(*on_failure));
  }
  if (ConfigValue const* resources = run->find("resources")) read_resources(r, *resources);
}

ConfigValue complete_document(Resolution const& r) {
  ConfigValue const& root = r.document.root;
  ConfigValue result;
  for (char const* key : {"schema", "title", "select", "steps"})
    if (ConfigValue const* value = root.find(key)) result.set(key, *value);

  ConfigValue groups;
  for (auto const& entry : r.groups)
    groups.set(entry.first, *root.find("group")->find(entry.first));
  if (!groups.table().empty()) result.set("group", std::move(groups));

  ConfigValue tasks;
  for (Step const& step : r.pipeline.steps)
    tasks.set(step.name, complete_task(step, r.tasks.at(step.name)));
  result.set("task", std::move(tasks));

  if (ConfigValue const* inputs = root.find("inputs"); inputs && !inputs->table().empty())
    result.set("inputs", shortened(*inputs, "dataset"));
  if (ConfigValue const* outputs = root.find("outputs"); outputs && !outputs->table().empty())
    result.set("outputs", shortened(*outputs, "label"));

  ConfigValue run;
  run.set("max_in_flight", r.pipeline.run.max_in_flight);
  run.set("on_failure", r.pipeline.run.stop_on_failure ? "stop" : "continue");
  ConfigValue resources;
  for (auto const& [name, capacity] : r.pipeline.run.resources) resources.set(name, capacity);
  if (!resources.table().empty()) run.set("resources", std::move(resources));
  copy_places(run, root.find("run"));
  result.set("run", std::move(run));
  return result;
}

Pipeline load_pipeline(PipelineRequest const& request, PipelineContext const& context) {
  Problems problems;
  PipelineDocument const document = read_pipeline_document(request, problems);
  Resolution r{.document = document, .context = context, .problems = std::move(problems)};
  check_top(r);
  r.tasks = read_tasks(document, r.problems);
  resolve_steps(r);
  resolve_versions(r);
  resolve_outputs(r);
  resolve_run_settings(r);
  r.problems.raise();

  r.pipeline.document = complete_document(r);
  if (!request.steps.empty()) keep_steps(r.pipeline, r.groups, request.steps);
  return std::move(r.pipeline);
}

std::vector<int> Pipeline::predecessors(int step) const {
  std::set<int> found;
  for (Port const* port : steps[at(step)].task->ports()) {
    if (!port->is_input()) continue;
    for (int v = steps[at(step)].versions[port->index()]; v >= 0; v = versions[at(v)].previous) {
      int const writer = versions[at(v)].writer;
      if (writer < 0) break;
      found.insert(writer);
      bool const may_expose =
          steps[at(writer)].when || steps[at(writer)].on_failure == OnFailure::keep_going;
      if (!may_expose) break;
    }
  }
  return {found.begin(), found.end()};
}

}  // namespace almagest

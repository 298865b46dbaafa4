#include <algorithm>
#include <set>
#include <utility>

#include "engine/pipeline_resolve.hpp"

namespace almagest {
namespace {

/// An entry of `steps`, or of a group that it names.
struct Entry {
  std::string task;   ///< "" for a gap: a task that is not known
  std::string group;  ///< or ""
  Where where;
};

/// Reads `steps` and `group`.
class StepReader {
 public:
  explicit StepReader(Resolution& r) : r_(r), root_(r.document.root) {}

  std::vector<Entry> read() {
    if (ConfigValue const* groups = root_.find("group")) read_groups(*groups);
    ConfigValue const* const steps = root_.find("steps");
    if (!steps) {
      r_.problems.add({r_.document.file, 0, 0}, "there is no 'steps': a list of tasks and groups");
      return {Entry()};  // a gap
    }
    if (!read_names(*steps, "'steps'", false, r_.problems)) return {Entry()};
    if (steps->array().empty()) r_.problems.add(steps->where, "'steps' is empty");
    for (ConfigValue const& entry : steps->array()) add(entry);
    if (all_known_) report_unused();
    return std::move(entries_);
  }

 private:
  bool is_task(std::string const& name) const {
    ConfigValue const* const tasks = root_.find("task");
    return tasks && tasks->find(name);
  }

  void read_groups(ConfigValue const& groups) {
    if (!groups.is_table()) {
      r_.problems.add(groups.where,
                      std::string("'group' wants a table, got ") + groups.type_name());
      return;
    }
    for (auto const& [name, members] : groups.table()) {
      std::string const owner = "group '" + name + "'";
      if (!is_plain_name(name))
        r_.problems.add(members.key_where,
                        owner + ": a name has letters, digits, '_' and '-' only");
      if (is_task(name)) {
        r_.problems.add(members.key_where,
                        owner + " has the name of a task (" +
                            statement_place(*root_.find("task")->find(name)).str() + ")");
        used_tasks_.insert(name);
        entries_.emplace_back();
      }
      groups_[name] = read_names(members, owner, false, r_.problems) ? &members : nullptr;
    }
  }

  void add(ConfigValue const& entry) {
    std::string const& name = entry.string();
    auto const group = groups_.find(name);
    if (group == groups_.end()) {
      add_task(name, "", entry.where, "'steps'");
      return;
    }
    if (!used_groups_.insert(name).second) {
      r_.problems.add(entry.where, "group '" + name + "' is in 'steps' twice");
      return;
    }
    if (!group->second) return;
    for (ConfigValue const& member : group->second->array()) {
      if (groups_.contains(member.string()) && !is_task(member.string())) {
        r_.problems.add(member.where, "group '" + name + "' names the group '" + member.string() +
                                          "'; a group holds tasks only");
        all_known_ = false;
        entries_.emplace_back();
      } else {
        add_task(member.string(), name, member.where, "group '" + name + "'");
      }
    }
  }

  void add_task(std::string const& name, std::string const& group, Where const& where,
                std::string const& list) {
    if (!is_task(name)) {
      std::vector<std::string> known = keys_of(root_.find("task"));
      if (group.empty())
        for (auto const& entry : groups_) known.push_back(entry.first);
      r_.problems.add(where, list + " names '" + name + "', which is no task" +
                                 (group.empty() ? " and no group" : "") +
                                 nearest_name_hint(name, known));
      all_known_ = false;
      entries_.emplace_back();
      return;
    }
    if (!used_tasks_.insert(name).second) {
      r_.problems.add(where, "task '" + name + "' runs twice; give the second one a name of its " +
                                 "own, with like = \"" + name + "\"");
      return;
    }
    entries_.push_back({name, group, where});
  }

  /// What an include brings may stay unused; what the file itself says may not.
  void report_unused() {
    std::vector<std::string> models;  // tasks that another one is like
    ConfigValue const* const tasks = root_.find("task");
    if (tasks && tasks->is_table())
      for (auto const& entry : tasks->table())
        if (ConfigValue const* like = entry.value.find("like"); like && like->is_string())
          models.push_back(like->string());

    for (auto const& [name, task] : r_.tasks) {
      bool const used =
          used_tasks_.contains(name) || std::ranges::find(models, name) != models.end();
      if (!used && r_.document.mentions(*tasks->find(name)))
        r_.problems.add(task.where, "no step runs task '" + name + "'");
    }
    for (auto const& [name, members] : groups_)
      if (members && !used_groups_.contains(name) && r_.document.own(members->key_where))
        r_.problems.add(members->key_where, "group '" + name + "' is not in 'steps'");
  }

  Resolution& r_;
  ConfigValue const& root_;
  std::map<std::string, ConfigValue const*> groups_;  // nullptr: not readable
  std::set<std::string> used_tasks_;
  std::set<std::string> used_groups_;
  std::vector<Entry> entries_;
  bool all_known_ = true;  // otherwise a task may be unused for a slip in a name
};

/// Makes the task of one step and checks everything that concerns this step alone.
class StepMaker {
 public:
  explicit StepMaker(Resolution& r) : r_(r) {}

  /// \returns whether the step could be made
  bool make(Entry const& entry) {
    auto const table = r_.tasks.find(entry.task);
    if (table == r_.tasks.end()) return false;  // its problem is known
    TaskTable const& task = table->second;

    Step step;
    step.name = task.name;
    step.group = entry.group;
    step.use = task.use.string();
    step.where = task.where;
    step.task = make_task(task);
    if (!step.task) return false;
    title_ = title_of(task.name, step.use);

    configure(*step.task, task);
    check_ports(*step.task, task);
    read_per(step, task);
    if (task.when) step.when = read_condition(*task.when, title_ + ": 'when'", r_);
    if (task.on_failure && *task.on_failure == ConfigValue("continue"))
      step.on_failure = OnFailure::keep_going;
    step.versions.assign(step.task->ports().size(), -1);

    r_.pipeline.steps.push_back(std::move(step));
    return true;
  }

 private:
  std::unique_ptr<Task> make_task(TaskTable const& task) {
    std::string const title = "task '" + task.name + "': ";
    try {
      return r_.context.plugins.make_task(task.use.string());
    } catch (std::exception const& error) {  // also of the task's constructor
      if (reported_.insert(task.use.where.str()).second)
        r_.problems.add(task.use.where, title + error.what());
      return nullptr;
    }
  }

  /// Tasks that are like one another share their parameters: a mistake is reported once.
  void configure(Task& made, TaskTable const& task) {
    Problems found;
    made.configure(task.params, title_, r_.context.plugins, found);
    for (auto const& [where, text] : found.list())
      if (reported_.insert(where.str()).second || where.str() == task.where.str())
        r_.problems.add(where, text);
  }

  void check_ports(Task const& made, TaskTable const& task) {
    std::vector<std::string> inputs, outputs;
    for (Port const* port : made.ports())
      (port->is_input() ? inputs : outputs).push_back(port->name());
    check_labels(task.in, "input", inputs);
    check_labels(task.out, "output", outputs);
  }

  void check_labels(ConfigValue const& labels, char const* kind,
                    std::vector<std::string> const& ports) {
    for (auto const& [port, label] : labels.table())
      if (std::ranges::find(ports, port) == ports.end() &&
          reported_.insert(label.key_where.str()).second)
        r_.problems.add(label.key_where, title_ + " has no " + kind + " '" + port + "'" +
                                             nearest_name_hint(port, ports));
  }

  void read_per(Step& step, TaskTable const& task) {
    for (std::string const& name : task.per) {
      if (std::ranges::find(step.per, name) != step.per.end()) continue;
      step.per.push_back(name);
      auto const& keys = r_.context.keys;
      if (std::ranges::find(keys, name) == keys.end())
        r_.problems.add(task.per_value->where, title_ + ": 'per' names '" + name +
                                                   "', which is no key, role or registry column" +
                                                   nearest_name_hint(name, keys));
    }
    if (task.per_value && task.per.empty())
      r_.problems.add(task.per_value->where, title_ + ": 'per' is empty");
    for (Port const* port : step.task->ports())
      if (port->kind() == Port::Kind::gather_in && !task.per_value)
        r_.problems.add(task.where, title_ + " gathers '" + port->name() +
                                        "', so it needs 'per': the keys of its groups");
    // The same keys in another order are the same groups.
    for (Step const& other : r_.pipeline.steps)
      if (std::ranges::is_permutation(other.per, step.per)) step.per = other.per;
  }

  Resolution& r_;
  std::string title_;
  std::set<std::string> reported_;  // places of problems with what `like` copies
};

}  // namespace

void resolve_steps(Resolution& r) {
  StepMaker maker(r);
  for (Entry const& entry : StepReader(r).read()) {
    std::size_t const index = r.pipeline.steps.size();
    if (!maker.make(entry))
      r.first_gap = std::min(r.first_gap, index);
    else if (!entry.group.empty())
      r.groups[entry.group].push_back(static_cast<int>(index));
  }
}

std::optional<Expression> read_condition(ConfigValue const& value, std::string const& owner,
                                         Resolution& r) {
  if (!value.is_string()) {
    r.problems.add(value.where, owner + " wants a string, got " + value.type_name());
    return std::nullopt;
  }
  Where text = value.where;
  if (text.line != 0) ++text.column;  // behind the quote
  try {
    Expression expression = Expression::parse(value.string(), text);
    for (std::string const& name : expression.names())
      if (!name.starts_with("detector.") &&
          std::ranges::find(r.context.keys, name) == r.context.keys.end())
        r.problems.add(value.where, owner + " names '" + name +
                                        "', which is no key, role or registry column" +
                                        nearest_name_hint(name, r.context.keys));
    return expression;
  } catch (ConfigError const& error) {
    add_error(r.problems, text.file, error.what());
    return std::nullopt;
  }
}

}  // namespace almagest

#include "engine/pipeline_tasks.hpp"

#include <algorithm>
#include <utility>

namespace almagest {
namespace {

std::vector<std::string> const task_keys{"use", "like", "params", "in",
                                         "out", "per",  "when",   "on_failure"};

constexpr std::size_t longest_chain = 100;  // of `like`; it is followed recursively

/// Lays the entries of a table over another's; unlike merging files it knows no `use`.
void lay_over(ConfigValue& base, ConfigValue const& upper) {
  if (!base.is_table() || !upper.is_table()) {
    base = upper;
    return;
  }
  for (auto const& [key, value] : upper.table()) {
    if (ConfigValue* below = base.find(key))
      lay_over(*below, value);
    else
      base.set(key, value);
  }
  base.where = upper.where;
  base.key_where = upper.key_where;
}

/// Follows `like` from task to task; a task's own entries win over those of the one it is like.
class TaskReader {
 public:
  TaskReader(PipelineDocument const& document, Problems& problems)
      : document_(document), problems_(problems) {}

  std::map<std::string, TaskTable> read() {
    ConfigValue const* const tasks = document_.root.find("task");
    if (!tasks) return {};
    if (!tasks->is_table()) {
      problems_.add(tasks->where, std::string("'task' wants a table, got ") + tasks->type_name());
      return {};
    }
    tasks_ = tasks;
    for (auto const& [name, value] : tasks->table()) check(name, value);
    for (auto const& [name, value] : tasks->table()) resolve(name);

    std::map<std::string, TaskTable> good;
    for (auto& [name, task] : resolved_)
      if (task) good.emplace(name, *std::move(task));
    return good;
  }

 private:
  bool wants(ConfigValue const& value, bool good, std::string const& owner, std::string const& key,
             char const* type) {
    if (!good)
      problems_.add(value.where,
                    owner + ": '" + key + "' wants a " + type + ", got " + value.type_name());
    return good;
  }

  /// Keys and types of one table; only tasks without a problem are resolved.
  void check(std::string const& name, ConfigValue const& value) {
    std::string const owner = "task '" + name + "'";
    std::size_t const before = problems_.list().size();
    if (!is_plain_name(name))
      problems_.add(value.key_where, owner + ": a name has letters, digits, '_' and '-' only");
    if (!value.is_table()) {
      problems_.add(value.where, owner + " wants a table or the name of a plugin's task, got " +
                                     value.type_name());
      broken_[name] = true;
      return;
    }
    check_keys(value, owner, task_keys, problems_);
    for (char const* key : {"use", "like", "when"})
      if (ConfigValue const* v = value.find(key)) wants(*v, v->is_string(), owner, key, "string");
    for (char const* key : {"params", "in", "out"})
      if (ConfigValue const* v = value.find(key)) wants(*v, v->is_table(), owner, key, "table");
    if (value.find("use") && value.find("like"))
      problems_.add(value.find("like")->key_where, owner + " has both 'use' and 'like'");
    if (ConfigValue const* v = value.find("on_failure");
        v && !(*v == ConfigValue("continue") || *v == ConfigValue("block")))
      problems_.add(v->where,
                    owner + ": 'on_failure' must be 'continue' or 'block', got " + to_toml(*v));
    check_labels(value, owner);
    broken_[name] = problems_.list().size() > before;
  }

  void check_labels(ConfigValue const& task, std::string const& owner) {
    for (char const* side : {"in", "out"}) {
      ConfigValue const* const labels = task.find(side);
      if (!labels || !labels->is_table()) continue;
      for (auto const& [port, label] : labels->table()) {
        std::string const key = std::string(side) + '.' + port;
        if (!wants(label, label.is_string(), owner, key, "label")) continue;
        std::string_view text = label.string();
        if (std::string_view(side) == "in") text = text.substr(0, text.find('@'));
        if (!is_plain_name(text))
          problems_.add(label.where, owner + ": '" + label.string() + "' is no label for '" + key +
                                         "': a label has letters, digits, '_' and '-' only");
      }
    }
  }

  std::optional<TaskTable> const& resolve(std::string const& name) {
    if (auto const known = resolved_.find(name); known != resolved_.end()) return known->second;
    ConfigValue const& value = *tasks_->find(name);
    std::optional<TaskTable> task;
    if (!broken_[name]) task = read_task(name, value);
    return resolved_[name] = std::move(task);
  }

  std::optional<TaskTable> read_task(std::string const& name, ConfigValue const& value) {
    TaskTable task;
    task.name = name;
    task.where = statement_place(value);
    task.params.where = task.where;
    if (ConfigValue const* like = value.find("like")) {
      if (!copy(*like, task)) return std::nullopt;
    } else if (ConfigValue const* use = value.find("use")) {
      task.use = *use;
    } else {
      return without_use(name, value);
    }
    if (ConfigValue const* params = value.find("params")) lay_over(task.params, *params);
    if (ConfigValue const* in = value.find("in")) lay_over(task.in, *in);
    if (ConfigValue const* out = value.find("out")) lay_over(task.out, *out);
    if (ConfigValue const* when = value.find("when")) task.when = *when;
    if (ConfigValue const* on_failure = value.find("on_failure")) task.on_failure = *on_failure;
    if (ConfigValue const* per = value.find("per")) {
      auto names = read_names(*per, "task '" + name + "': 'per'", true, problems_);
      if (!names) return std::nullopt;
      task.per = *std::move(names);
      task.per_value = *per;
    }
    return task;
  }

  /// Most often a table for an inherited task with a slip in its name.
  std::optional<TaskTable> without_use(std::string const& name, ConfigValue const& value) {
    std::vector<std::string> others = keys_of(tasks_);
    std::erase(others, name);
    problems_.add(value.where, "task '" + name + "' has neither 'use' nor 'like'" +
                                   nearest_name_hint(name, others));
    return std::nullopt;
  }

  bool copy(ConfigValue const& like, TaskTable& task) {
    std::string const& model = like.string();
    std::string const owner = "task '" + task.name + "'";
    if (!tasks_->find(model)) {
      problems_.add(like.where, owner + " is like '" + model + "', which is no task" +
                                    nearest_name_hint(model, keys_of(tasks_)));
      return false;
    }
    open_.push_back(task.name);
    bool copied = false;
    if (open_.size() > longest_chain) {
      problems_.add(like.where, owner + ": the chain of 'like' is too long");
    } else if (std::ranges::find(open_, model) != open_.end()) {
      problems_.add(like.where, owner + " is like itself, through '" + model + "'");
    } else if (auto const& other = resolve(model)) {
      task.use = other->use;
      task.params = other->params;
      task.in = other->in;
      task.out = other->out;
      copied = true;
    }
    open_.pop_back();
    return copied;
  }

  PipelineDocument const& document_;
  Problems& problems_;
  ConfigValue const* tasks_ = nullptr;
  std::map<std::string, bool> broken_;
  std::map<std::string, std::optional<TaskTable>> resolved_;
  std::vector<std::string> open_;  // the chain of `like` that is being followed
};

}  // namespace

std::map<std::string, TaskTable> read_tasks(PipelineDocument const& document, Problems& problems) {
  return TaskReader(document, problems).read();
}

Where statement_place(ConfigValue const& value) {
  Where const& key = value.key_where;
  bool const key_is_first = key.file == value.where.file && key.line == value.where.line &&
                            key.column < value.where.column;
  return key_is_first ? key : value.where;
}

std::string title_of(std::string const& step, std::string const& use) {
  return "task '" + step + "' (" + use + ")";
}

void check_keys(ConfigValue const& table, std::string const& owner,
                std::vector<std::string> const& known, Problems& problems) {
  for (auto const& [key, value] : table.table())
    if (std::ranges::find(known, key) == known.end())
      problems.add(value.key_where,
                   owner + " has no key '" + key + "'" + nearest_name_hint(key, known));
}

std::optional<std::vector<std::string>> read_names(ConfigValue const& value,
                                                   std::string const& what, bool single_allowed,
                                                   Problems& problems) {
  if (single_allowed && value.is_string()) return std::vector{value.string()};
  std::vector<std::string> names;
  bool good = value.is_array();
  if (!good)
    problems.add(value.where, what + " wants a list of names, got " + value.type_name());
  else
    for (ConfigValue const& item : value.array()) {
      if (item.is_string()) {
        names.push_back(item.string());
        continue;
      }
      problems.add(item.where, what + " wants a list of names, got " + item.type_name() + " in it");
      good = false;
    }
  if (!good) return std::nullopt;
  return names;
}

}  // namespace almagest

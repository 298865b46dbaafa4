#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <utility>

#include <fnmatch.h>

#include "engine/pipeline_document.hpp"

namespace almagest {
namespace {

using Path = std::vector<std::string>;
using LeafVisitor = std::function<void(Path const&, ConfigValue const&)>;

/// Calls visit(path, value) for everything in a table that is no table itself, or an empty one.
void each_leaf(ConfigValue const& value, Path& path, LeafVisitor const& visit) {
  bool const leaf = !value.is_table() || value.table().empty();
  if (leaf) return visit(path, value);
  for (auto const& [key, entry] : value.table()) {
    path.push_back(key);
    each_leaf(entry, path, visit);
    path.pop_back();
  }
}

std::string dotted(Path const& path, std::size_t first = 0) {
  std::string text;
  for (std::size_t i = first; i < path.size(); ++i) {
    if (i > first) text += '.';
    text += is_plain_name(path[i]) ? path[i] : to_toml(ConfigValue(path[i]));
  }
  return text;
}

/// Says where values come from: "process_ccd.toml:12", "-c", "default". Files of one name, such as
/// a camera's and the one that it includes, are told apart by as many directories as that takes.
class Origins {
 public:
  explicit Origins(ConfigValue const& document) {
    Path path;
    each_leaf(document, path, [&](Path const&, ConfigValue const& value) {
      if (value.where.line != 0) files_.insert(value.where.file);
    });
  }

  std::string of(Where const& where) const {
    if (!where.known()) return "default";
    if (from_command_line(where)) return "-c";
    return short_name(where.file) + ':' + std::to_string(where.line);
  }

 private:
  std::string short_name(std::string const& file) const {
    std::string name;
    for (std::filesystem::path rest = file; rest.has_filename(); rest = rest.parent_path()) {
      name = rest.filename().string() + (name.empty() ? "" : "/" + name);
      auto const ends_alike = [&](std::string const& other) {
        return other != file && (other == name || other.ends_with("/" + name));
      };
      if (std::ranges::none_of(files_, ends_alike)) return name;
    }
    return file;
  }

  std::set<std::string> files_;
};

/// The tasks of a document in the order of its steps.
Path ordered_tasks(ConfigValue const& document) {
  Path tasks;
  ConfigValue const* const groups = document.find("group");
  for (ConfigValue const& entry : document.find("steps")->array()) {
    ConfigValue const* const group = groups ? groups->find(entry.string()) : nullptr;
    if (!group) tasks.push_back(entry.string());
    if (group)
      for (ConfigValue const& member : group->array()) tasks.push_back(member.string());
  }
  return tasks;
}

/// Prints a document, whole or in part.
class Dump {
 public:
  Dump(ConfigValue const& document, bool origins, std::string const& glob)
      : document_(document), origins_(document), with_origins_(origins), glob_(glob) {}

  std::string print() {
    for (char const* key : {"schema", "title", "select", "steps"}) lines({key}, 0);
    section({"group"});
    for (std::string const& task : ordered_tasks(document_)) section({"task", task});
    for (char const* key : {"inputs", "outputs", "run"}) section({key});
    return std::move(text_);
  }

 private:
  /// A table under a [header] of its own; a task's `use` comes first.
  void section(Path const& path) {
    ConfigValue const* const table = find(path);
    if (!table) return;
    if (glob_.empty()) text_ += "\n[" + dotted(path) + "]\n";
    std::vector<std::string> keys = keys_of(table);
    std::ranges::stable_partition(keys, [](auto const& key) { return key == "use"; });
    for (std::string const& key : keys) {
      Path entry = path;
      entry.push_back(key);
      lines(entry, path.size());
    }
  }

  /// `key = value` for every leaf below a path.
  /// \param header  how many keys of each path stand in the [header] above
  void lines(Path path, std::size_t header) {
    ConfigValue const* const value = find(path);
    if (!value) return;
    each_leaf(*value, path, [&](Path const& leaf, ConfigValue const& v) {
      if (!glob_.empty() && !matches(leaf)) return;
      text_ += dotted(leaf, glob_.empty() ? header : 0) + " = " + to_toml(v);
      if (with_origins_) text_ += "  # " + origins_.of(v.where);
      text_ += '\n';
    });
  }

  ConfigValue const* find(Path const& path) const {
    ConfigValue const* value = &document_;
    for (std::string const& key : path)
      if (value) value = value->find(key);
    return value;
  }

  /// A parameter is found by `task.NAME.params.PARAM` and by `NAME.PARAM`, as `-c` takes it.
  bool matches(Path const& path) const {
    if (fnmatch(glob_.c_str(), dotted(path).c_str(), 0) == 0) return true;
    if (path.size() < 4 || path[0] != "task" || path[2] != "params") return false;
    return fnmatch(glob_.c_str(), (path[1] + '.' + dotted(path, 3)).c_str(), 0) == 0;
  }

  ConfigValue const& document_;
  Origins origins_;
  bool with_origins_;
  std::string glob_;
  std::string text_;
};

}  // namespace

std::string dump_config(Pipeline const& pipeline, bool origins, std::string const& glob) {
  return Dump(pipeline.document, origins, glob).print();
}

std::map<std::string, std::string> flat_configuration(Pipeline const& pipeline) {
  std::map<std::string, std::string> flat;
  Path path;
  each_leaf(pipeline.document, path, [&](Path const& leaf, ConfigValue const& value) {
    if (leaf.empty() || leaf[0] == "run" || leaf[0] == "title") return;
    flat[dotted(leaf)] = to_toml(value);
  });
  return flat;
}

}  // namespace almagest

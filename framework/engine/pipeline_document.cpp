#include "engine/pipeline_document.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/toml_reader.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t known_schema = 1;
constexpr int most_files = 1000;  // files that include two others each would never end

bool is_file(fs::path const& path) {
  std::error_code error;
  return fs::exists(path, error) && !fs::is_directory(path, error);
}

fs::path with_extension(fs::path path) {
  if (path.extension() != ".toml") path += ".toml";
  return path;
}

// ---- finding ----------------------------------------------------------------------------------

std::string listed(std::vector<fs::path> const& paths) {
  std::string text;
  for (fs::path const& path : paths) text += (text.empty() ? "" : ", ") + path.string();
  return text;
}

std::vector<std::string> pipelines_in(std::vector<fs::path> const& directories) {
  std::vector<std::string> names;
  for (fs::path const& directory : directories) {
    std::error_code error;
    for (auto const& entry : fs::directory_iterator(directory, error))
      if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

/// The file that a prefixed name means, `instrument:isr.toml`, or nothing when there is no prefix.
/// What the instrument does not have is looked for among the installed ones.
std::optional<fs::path> prefixed(std::string_view name, PipelineRequest const& request) {
  using Prefix = std::pair<std::string_view, fs::path const*>;
  for (auto const& [prefix, directory] : {Prefix{"instrument:", &request.instrument_pipelines},
                                          Prefix{"almagest:", &request.installed_pipelines}}) {
    if (!name.starts_with(prefix)) continue;
    if (directory->empty())
      throw ConfigError("'" + std::string(name) + "': no directory is known for " +
                        std::string(prefix));
    fs::path const file = with_extension(*directory / name.substr(prefix.size()));
    // A camera without a pipeline of its own takes the one that is right for most.
    std::error_code error;
    if (directory == &request.instrument_pipelines && !fs::exists(file, error))
      if (fs::path const common = request.installed_pipelines / file.filename();
          !request.installed_pipelines.empty() && fs::exists(common, error))
        return common;
    return file;
  }
  return std::nullopt;
}

// ---- merging ----------------------------------------------------------------------------------

/// A table stands where the uppermost file has it. `-c` changes values, not where a table stands.
void take_place(ConfigValue& base, ConfigValue const& upper) {
  if (from_command_line(upper.where)) return;
  base.where = upper.where;
  base.key_where = upper.key_where;
}

void merge(ConfigValue& base, ConfigValue upper) {
  if (!base.is_table() || !upper.is_table()) {
    base = std::move(upper);
    return;
  }
  for (auto& [key, value] : std::get<ConfigValue::Table>(upper.data)) {
    if (ConfigValue* below = base.find(key))
      merge(*below, std::move(value));
    else
      base.set(key, std::move(value));
  }
  take_place(base, upper);
}

/// A new list of components drops the settings of those that are no longer in it, as a new `use`
/// of a task does.
void drop_unused_components(ConfigValue& base, ConfigValue const& upper) {
  ConfigValue const* const use = upper.find("use");
  if (!use || !use->is_array() || !base.is_table()) return;
  std::erase_if(std::get<ConfigValue::Table>(base.data), [&](ConfigValue::Entry const& entry) {
    bool const listed =
        std::ranges::find(use->array(), ConfigValue(entry.key)) != use->array().end();
    return !listed && entry.value.is_table();
  });
}

void merge_task(ConfigValue& base, ConfigValue upper) {
  if (base.is_table() && upper.is_table()) {
    auto const replaces = [&](char const* key) {
      ConfigValue const* const now = upper.find(key);
      ConfigValue const* const before = base.find(key);
      return now && !(before && *now == *before) && (base.find("use") || base.find("like"));
    };
    if (replaces("use") || replaces("like"))
      for (char const* key : {"use", "like", "params", "in", "out"}) base.erase(key);

    ConfigValue* const below = base.find("params");
    ConfigValue const* const params = upper.find("params");
    if (below && below->is_table() && params && params->is_table())
      for (auto const& [name, value] : params->table())
        if (ConfigValue* param = below->find(name)) drop_unused_components(*param, value);
  }
  merge(base, std::move(upper));
}

/// Tasks and outputs: each is merged by itself, and `false` removes what is inherited.
void merge_named(ConfigValue& base, ConfigValue upper, bool tasks, Problems& problems) {
  if (!base.is_table() || !upper.is_table()) {
    base = std::move(upper);
    return;
  }
  for (auto& [name, value] : std::get<ConfigValue::Table>(upper.data)) {
    if (value == ConfigValue(false)) {
      auto const known = keys_of(&base);
      if (!base.erase(name))
        problems.add(value.key_where, std::string("there is no inherited ") +
                                          (tasks ? "task" : "output") + " '" + name +
                                          "' to remove" + nearest_name_hint(name, known));
    } else if (ConfigValue* below = base.find(name)) {
      if (tasks)
        merge_task(*below, std::move(value));
      else
        merge(*below, std::move(value));
    } else {
      base.set(name, std::move(value));
    }
  }
  take_place(base, upper);
}

// ---- includes ---------------------------------------------------------------------------------

/// A key that two includes set differently.
struct Conflict {
  std::vector<std::string> path;
  Where first;
  Where second;
  Where include;  ///< the second one's entry in `include`
};

std::string joined(std::vector<std::string> const& path) {
  std::string text;
  for (std::string const& key : path) text += (text.empty() ? "" : ".") + key;
  return text;
}

void collect_conflicts(ConfigValue const& a, ConfigValue const& b, std::vector<std::string>& path,
                       Where const& include, std::vector<Conflict>& conflicts) {
  if (!a.is_table() || !b.is_table()) {
    if (!(a == b)) conflicts.push_back({path, a.where, b.where, include});
    return;
  }
  for (auto const& [key, value] : b.table()) {
    bool const about_the_file = path.empty() && (key == "title" || key == "schema");
    ConfigValue const* const other = about_the_file ? nullptr : a.find(key);
    if (!other) continue;
    path.push_back(key);
    collect_conflicts(*other, value, path, include, conflicts);
    path.pop_back();
  }
}

bool same_place(Where const& a, Where const& b) {
  return a.file == b.file && a.line == b.line && a.column == b.column;
}

/// Reads files and their includes, one upon the other.
class DocumentReader {
 public:
  DocumentReader(PipelineRequest const& request, Problems& problems)
      : request_(request), problems_(problems) {}

  /// Lays a file, below it what it includes, over `base`.
  void add(ConfigValue& base, fs::path const& path) {
    ConfigValue own;
    try {
      own = read_toml(path);
    } catch (Error const& error) {
      add_error(problems_, path.string(), error.what());
      complete_ = false;
      return;
    }
    check_schema(own);
    normalise_pipeline(own);

    std::error_code error;
    open_.push_back(fs::weakly_canonical(path, error));
    std::vector<Conflict> const conflicts = add_includes(base, own, path);
    open_.pop_back();

    own.erase("include");
    overlay_pipeline(base, std::move(own), problems_);
    report(conflicts, base);
  }

  /// Whether every file could be read: without one, hardly anything else can be judged.
  bool complete() const noexcept { return complete_; }

 private:
  void check_schema(ConfigValue const& own) {
    ConfigValue const* const schema = own.find("schema");
    if (!schema || *schema == ConfigValue(known_schema)) return;
    complete_ = false;  // nobody knows what the rest of it means
    problems_.add(schema->where, "schema is " + to_toml(*schema) + ", but this program reads " +
                                     to_toml(ConfigValue(known_schema)));
  }

  std::vector<Conflict> add_includes(ConfigValue& base, ConfigValue const& own,
                                     fs::path const& path) {
    ConfigValue const* const include = own.find("include");
    if (!include) return {};
    ConfigValue::Array const names =
        include->is_array() ? include->array() : ConfigValue::Array{*include};
    ConfigValue included;
    std::vector<Conflict> conflicts;
    for (ConfigValue const& name : names) {
      if (!name.is_string()) {
        problems_.add(name.where,
                      std::string("'include' wants names of files, got ") + name.type_name());
        continue;
      }
      if (++files_ > most_files) {
        if (files_ == most_files + 1)
          problems_.add(name.where, "more than " + std::to_string(most_files) + " files included");
        continue;
      }
      ConfigValue next;
      if (!add_include(next, name, path)) continue;
      std::vector<std::string> at;
      collect_conflicts(included, next, at, name.where, conflicts);
      overlay_pipeline(included, std::move(next), problems_);
    }
    overlay_pipeline(base, std::move(included), problems_);
    return conflicts;
  }

  bool add_include(ConfigValue& next, ConfigValue const& name, fs::path const& includer) {
    try {
      auto path = prefixed(name.string(), request_);
      if (!path) path = with_extension(includer.parent_path() / name.string());
      if (!is_file(*path)) throw ConfigError("there is no file '" + path->string() + "'");

      std::error_code error;
      auto const again = std::ranges::find(open_, fs::weakly_canonical(*path, error));
      if (again != open_.end()) {
        std::string cycle;
        for (auto open = again; open != open_.end(); ++open)
          cycle += open->filename().string() + " includes ";
        throw ConfigError("include cycle: " + cycle + path->filename().string());
      }
      add(next, *path);
      return true;
    } catch (ConfigError const& error) {
      problems_.add(name.where, error.what());
      complete_ = false;
      return false;
    }
  }

  /// A conflict is settled when the including file replaced or removed the value.
  void report(std::vector<Conflict> const& conflicts, ConfigValue const& root) {
    for (Conflict const& conflict : conflicts) {
      ConfigValue const* value = &root;
      for (std::string const& key : conflict.path)
        if (value) value = value->find(key);
      if (!value || !same_place(value->where, conflict.second)) continue;
      problems_.add(conflict.include, "two includes set '" + joined(conflict.path) +
                                          "' differently (" + conflict.first.str() + " and " +
                                          conflict.second.str() + "); set it in this file");
    }
  }

  PipelineRequest const& request_;
  Problems& problems_;
  std::vector<fs::path> open_;  // the chain of files that are being read
  int files_ = 0;
  bool complete_ = true;
};

/// Replaces a string by a table with that string under `key`.
void write_out(ConfigValue* table, char const* key) {
  if (!table || !table->is_table()) return;
  for (auto& [name, value] : std::get<ConfigValue::Table>(table->data)) {
    if (!value.is_string()) continue;
    ConfigValue full;
    full.where = value.where;
    full.key_where = value.key_where;
    full.set(key, std::move(value));
    value = std::move(full);
  }
}

}  // namespace

// ---- the parts that others use ----------------------------------------------------------------

bool PipelineDocument::own(Where const& where) const {
  return from_command_line(where) || own_files.contains(where.file);
}

bool PipelineDocument::mentions(ConfigValue const& value) const {
  if (own(value.where)) return true;
  return value.is_table() && std::ranges::any_of(value.table(), [&](auto const& entry) {
           return mentions(entry.value);
         });
}

std::vector<std::string> const& pipeline_keys() {
  static std::vector<std::string> const keys{"schema", "title", "include", "select",  "steps",
                                             "group",  "task",  "inputs",  "outputs", "run"};
  return keys;
}

void add_error(Problems& problems, std::string const& file, std::string_view message) {
  Where where{file, 0, 0};
  std::string_view rest = message;
  if (!rest.starts_with(file)) return problems.add({}, std::string(message));
  rest.remove_prefix(file.size());
  for (unsigned* number : {&where.line, &where.column}) {
    if (!rest.starts_with(':')) break;
    char const* const end = rest.data() + rest.size();
    auto const parsed = std::from_chars(rest.data() + 1, end, *number);
    if (parsed.ec != std::errc()) break;
    rest = std::string_view(parsed.ptr, static_cast<std::size_t>(end - parsed.ptr));
  }
  if (!rest.starts_with(": ")) return problems.add({}, std::string(message));
  problems.add(where, std::string(rest.substr(2)));
}

std::vector<std::string> keys_of(ConfigValue const* table) {
  std::vector<std::string> keys;
  if (table && table->is_table())
    for (auto const& entry : table->table()) keys.push_back(entry.key);
  return keys;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

Where command_line_place(std::string const& option, std::string const& text) {
  return {option + ' ' + text, 0, 0};
}

bool from_command_line(Where const& where) {
  return where.line == 0 && where.file.starts_with("-c ");
}

void normalise_pipeline(ConfigValue& root) {
  write_out(root.find("task"), "use");
  write_out(root.find("outputs"), "label");
  write_out(root.find("inputs"), "dataset");
}

void overlay_pipeline(ConfigValue& base, ConfigValue upper, Problems& problems) {
  for (auto& [key, value] : std::get<ConfigValue::Table>(upper.data)) {
    bool const named = key == "task" || key == "outputs";
    if (named && !base.find(key)) base.set(key, ConfigValue());
    ConfigValue* const below = base.find(key);
    if (named)
      merge_named(*below, std::move(value), key == "task", problems);
    else if (below)
      merge(*below, std::move(value));
    else
      base.set(key, std::move(value));
  }
  take_place(base, upper);
}

fs::path find_pipeline(PipelineRequest const& request) {
  fs::path const name = request.name;
  if (auto const path = prefixed(request.name, request)) {
    if (is_file(*path)) return *path;
    throw ConfigError("there is no pipeline '" + request.name + "'; tried " + path->string());
  }

  std::vector<fs::path> directories{fs::path()};
  bool const plain = !name.has_parent_path();
  if (plain && !request.instrument_pipelines.empty())
    directories.push_back(request.instrument_pipelines);
  if (plain && !request.installed_pipelines.empty())
    directories.push_back(request.installed_pipelines);

  std::vector<fs::path> tried;
  if (!plain) tried.push_back(name);  // any name at all, when it is a path
  for (fs::path const& directory : directories) tried.push_back(directory / with_extension(name));
  tried.erase(std::unique(tried.begin(), tried.end()), tried.end());
  for (fs::path const& path : tried)
    if (is_file(path)) return path;

  directories.erase(directories.begin());
  throw ConfigError("there is no pipeline '" + request.name + "'; tried " + listed(tried) +
                    nearest_name_hint(name.stem().string(), pipelines_in(directories)));
}

PipelineDocument read_pipeline_document(PipelineRequest const& request, Problems& problems) {
  PipelineDocument document;
  fs::path const path = find_pipeline(request);
  document.file = path.string();
  document.own_files.insert(document.file);
  DocumentReader reader(request, problems);
  reader.add(document.root, path);

  for (PipelineOverride const& change : request.overrides) {
    if (change.kind == PipelineOverride::Kind::file) {
      if (!is_file(change.text)) {
        problems.add(command_line_place("-C", change.text), "there is no such file");
        continue;
      }
      document.own_files.insert(change.text);
      reader.add(document.root, change.text);
    } else {
      try {
        overlay_pipeline(document.root, parse_assignment(change.text, document.root), problems);
      } catch (ConfigError const& error) {
        add_error(problems, command_line_place("-c", change.text).file, error.what());
      }
    }
  }
  if (!reader.complete()) problems.raise();
  return document;
}

ConfigValue load_pipeline_document(PipelineRequest const& request) {
  Problems problems;
  PipelineDocument document = read_pipeline_document(request, problems);
  problems.raise();
  return std::move(document.root);
}

}  // namespace almagest

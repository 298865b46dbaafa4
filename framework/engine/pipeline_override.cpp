#include <algorithm>
#include <string_view>
#include <utility>

#include "engine/pipeline_document.hpp"
#include "engine/toml_reader.hpp"

namespace almagest {
namespace {

void set_places(ConfigValue& value, Where const& where) {
  value.where = where;
  value.key_where = where;
  if (auto* table = std::get_if<ConfigValue::Table>(&value.data))
    for (auto& entry : *table) set_places(entry.value, where);
  if (auto* array = std::get_if<ConfigValue::Array>(&value.data))
    for (auto& item : *array) set_places(item, where);
}

std::vector<std::string> split(std::string_view key) {
  std::vector<std::string> parts;
  while (true) {
    auto const dot = key.find('.');
    parts.emplace_back(key.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    key.remove_prefix(dot + 1);
  }
}

/// `detect.threshold` as `task.detect.params.threshold`; keys of the whole document as they are.
std::vector<std::string> full_path(std::vector<std::string> path, ConfigValue const& root,
                                   Where const& where) {
  auto const& document_keys = pipeline_keys();
  if (std::ranges::find(document_keys, path[0]) != document_keys.end()) return path;

  auto const tasks = keys_of(root.find("task"));
  if (std::ranges::find(tasks, path[0]) == tasks.end()) {
    ConfigValue const* const groups = root.find("group");
    if (groups && groups->find(path[0]))
      throw ConfigError(where, "'" + path[0] + "' is a group; name one of its tasks");
    throw ConfigError(where,
                      "there is no task '" + path[0] + "'" + nearest_name_hint(path[0], tasks));
  }
  if (path.size() == 1)
    throw ConfigError(
        where, "task '" + path[0] + "' needs the name of a parameter: " + path[0] + ".NAME=VALUE");
  path.insert(path.begin() + 1, "params");
  path.insert(path.begin(), "task");
  return path;
}

}  // namespace

ConfigValue parse_assignment(std::string const& text, ConfigValue const& root) {
  constexpr std::size_t deepest = 32;  // keys; far more than any parameter has
  Where const where = command_line_place("-c", text);
  auto const equals = text.find('=');
  if (equals == std::string::npos) throw ConfigError(where, "expected NAME=VALUE");

  std::vector<std::string> path = split(std::string_view(text).substr(0, equals));
  bool const empty_key = std::ranges::any_of(path, [](auto const& key) { return key.empty(); });
  if (empty_key || path.size() > deepest)
    throw ConfigError(where, "'" + text.substr(0, equals) + "' is no name of a parameter");
  path = full_path(std::move(path), root, where);

  ConfigValue value = parse_given_value(text.substr(equals + 1), where);
  for (auto key = path.rbegin(); key != path.rend(); ++key) {
    ConfigValue table;
    table.set(*key, std::move(value));
    value = std::move(table);
  }
  set_places(value, where);
  normalise_pipeline(value);
  return value;
}

}  // namespace almagest

#include "repository/configuration.hpp"

#include <algorithm>
#include <set>

#include "repository/checksum.hpp"
#include "repository/json.hpp"

namespace almagest {
namespace {

bool is_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '/' || c == '.';
}

/// The words of a configuration's values: "'background/mesh'", "['base_PsfFlux',
/// 'base_SdssShape']".
std::set<std::string> words(std::map<std::string, std::string> const& entries) {
  std::set<std::string> result;
  for (auto const& [key, value] : entries) {
    auto begin = value.begin();
    while (true) {
      begin = std::find_if(begin, value.end(), is_word);
      auto const end = std::find_if_not(begin, value.end(), is_word);
      if (begin == end) break;
      result.emplace(begin, end);
      begin = end;
    }
  }
  return result;
}

/// The plugins of tasks and components that the configuration names. `--steps` leaves the
/// configuration as it is, so the answer does not depend on it.
std::set<std::string> plugins_named(std::map<std::string, std::string> const& entries,
                                    PluginRegistry const& plugins) {
  std::map<std::string, std::set<std::string>> owners;  // of components, by short name
  for (std::string const& interface : plugins.interfaces())
    for (auto const& component : plugins.components(interface))
      owners[component.name].insert(component.plugin);
  std::set<std::string> result;
  for (std::string const& word : words(entries)) {
    if (auto const owner = owners.find(word); owner != owners.end())
      result.insert(owner->second.begin(), owner->second.end());
    else if (auto const slash = word.find('/'); slash != std::string::npos)
      result.insert(word.substr(0, slash));
  }
  return result;
}

}  // namespace

Configuration configuration_of(Pipeline const& pipeline, ObsPackage const& package,
                               PluginRegistry const& plugins) {
  Configuration result;
  result.entries = flat_configuration(pipeline);
  std::set<std::string> const named = plugins_named(result.entries, plugins);
  result.versions.emplace("almagest", ALMAGEST_VERSION);
  for (PluginInfo const& plugin : plugins.plugins())
    if (plugin.loaded() && named.contains(plugin.name))
      result.versions.emplace(plugin.name, plugin.version);
  for (auto const& [name, version] : result.versions)
    result.entries.emplace("version of " + name, version);
  result.entries.emplace("camera", package.instrument->name() + " " + package.hash);
  std::string all;
  for (auto const& [key, value] : result.entries) all += key + '\0' + value + '\n';
  result.hash = text_hash(all);
  return result;
}

std::string packages_json(Configuration const& configuration) {
  std::string text;
  for (auto const& [name, version] : configuration.versions)
    text += (text.empty() ? "{\n  " : ",\n  ") + json_quoted(name) + ": " + json_quoted(version);
  return text + "\n}\n";
}

}  // namespace almagest

#include "engine/plugin_registry.hpp"

#include <algorithm>

#include "engine/plugin_libraries.hpp"
#include "engine/plugin_registration.hpp"

namespace almagest {

namespace {

std::pair<std::string, std::string> split_name(std::string const& name) {
  auto const slash = name.find('/');
  if (slash == std::string::npos) return {"", name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

}  // namespace

PluginRegistry::PluginRegistry() : libraries_(std::make_unique<Libraries>()) {}
PluginRegistry::~PluginRegistry() = default;

void PluginRegistry::add(std::string const& plugin,
                         std::function<void(Registrar&)> const& register_all) {
  Registration registration(*this, plugin);
  register_all(registration);
  registration.commit();
}

std::vector<PluginRegistry::ComponentEntry> PluginRegistry::components(
    std::string_view interface) const {
  auto const found = components_.find(interface);
  return found == components_.end() ? std::vector<ComponentEntry>() : found->second;
}

std::vector<std::string> PluginRegistry::interfaces() const {
  std::vector<std::string> all;
  for (auto const& [interface, entries] : components_) all.push_back(interface);
  return all;
}

/// Why a plugin does not offer what was asked for: it is broken, it lacks it, or it is not there.
std::string PluginRegistry::explain_missing(std::string const& plugin,
                                            std::string const& what) const {
  auto const found = std::ranges::find(plugins_, plugin, &PluginInfo::name);
  if (found != plugins_.end() && !found->loaded())
    return what + ": plugin '" + plugin + "' (" + found->path.string() +
           ") cannot be used: " + found->error;
  std::vector<std::string> known;
  for (PluginInfo const& info : plugins_)
    if (info.loaded()) known.push_back(info.name);
  std::string text = what + ": no plugin '" + plugin + "'" + nearest_name_hint(plugin, known);
  text += searched_.empty() ? "; no directory was searched" : "; looked for:";
  for (auto const& directory : searched_) text += "\n  " + (directory / (plugin + ".so")).string();
  return text;
}

std::unique_ptr<Task> PluginRegistry::make_task(std::string const& name) const {
  if (auto const found = tasks_.find(name); found != tasks_.end()) return found->second.make();
  auto const [plugin, task] = split_name(name);
  if (plugin.empty())
    throw ConfigError("task '" + name + "' must be written with its plugin: plugin/" + name);
  std::vector<std::string> siblings, all;
  for (auto const& [full, entry] : tasks_) {
    all.push_back(full);
    if (entry.plugin == plugin) siblings.push_back(full);
  }
  auto const info = std::ranges::find(plugins_, plugin, &PluginInfo::name);
  bool const is_there = (info != plugins_.end() && info->loaded()) || !siblings.empty();
  if (!is_there) throw ConfigError(explain_missing(plugin, "task '" + name + "'"));
  throw ConfigError("plugin '" + plugin + "' has no task '" + task + "'" +
                    nearest_name_hint(name, siblings.empty() ? all : siblings));
}

std::unique_ptr<Component> PluginRegistry::make(std::string_view interface,
                                                std::string const& name) const {
  auto const [plugin, short_name] = split_name(name);
  std::vector<ComponentEntry const*> found;
  if (auto const entries = components_.find(interface); entries != components_.end())
    for (ComponentEntry const& entry : entries->second)
      if (entry.name == short_name && (plugin.empty() || entry.plugin == plugin))
        found.push_back(&entry);
  if (found.size() == 1) return found.front()->make();

  std::string const what = std::string(interface) + " '" + name + "'";
  if (!found.empty()) {
    std::string choices;
    for (ComponentEntry const* entry : found)
      choices += (choices.empty() ? "'" : " or '") + entry->plugin + "/" + short_name + "'";
    throw ConfigError(what + " is registered by more than one plugin: write " + choices);
  }
  std::string text = "no " + what + nearest_name_hint(name, names(interface));
  for (PluginInfo const& info : plugins_)
    if (!info.loaded() && (plugin.empty() || info.name == plugin))
      text += "; plugin '" + info.name + "' cannot be used: " + info.error;
  throw ConfigError(text);
}

std::vector<std::string> PluginRegistry::names(std::string_view interface) const {
  std::vector<std::string> all;
  auto const entries = components_.find(interface);
  if (entries == components_.end()) return all;
  for (ComponentEntry const& entry : entries->second) {
    bool const shared = std::ranges::count(entries->second, entry.name, &ComponentEntry::name) > 1;
    all.push_back(shared ? entry.plugin + "/" + entry.name : entry.name);
  }
  std::ranges::sort(all);
  return all;
}

Formatter const* PluginRegistry::formatter(std::string_view product_id) const {
  auto const found = products_.find(product_id);
  return found == products_.end() ? nullptr : found->second.formatter.get();
}

std::shared_ptr<Psf const> PluginRegistry::psf(PsfState const& state) const {
  if (auto const found = psfs_.find(state.type); found != psfs_.end()) return found->second(state);
  if (state.type == KernelPsf::type) return KernelPsf::from_state(state);
  if (state.type == GaussianPsf::type) return GaussianPsf::from_state(state);
  return std::make_shared<UnknownPsf>(state);
}

std::shared_ptr<Instrument const> PluginRegistry::instrument(
    std::string const& name, std::shared_ptr<Instrument const> declared) const {
  auto const found = instruments_.find(name);
  return found == instruments_.end() ? declared : found->second(std::move(declared));
}

}  // namespace almagest

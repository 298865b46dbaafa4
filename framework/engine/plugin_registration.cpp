#include "engine/plugin_registration.hpp"

#include <algorithm>
#include <iterator>

namespace almagest {

namespace {

/// Names stand in TOML keys and file names: letters, digits, `_` and `-`.
void require_name(std::string_view kind, std::string const& name) {
  auto const good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  };
  if (name.empty() || !std::ranges::all_of(name, good))
    throw ConfigError(std::string(kind) + " name '" + name +
                      "' is not made of letters, digits, '_' and '-'");
}

[[noreturn]] void refuse_second(std::string_view kind, std::string_view name) {
  throw ConfigError(std::string(kind) + " '" + std::string(name) + "' is registered already");
}

}  // namespace

void PluginRegistry::Registration::add_task(std::string name, std::string doc,
                                            std::function<std::unique_ptr<Task>()> make) {
  require_name("task", name);
  std::string const full = plugin_ + "/" + name;
  if (registry_.tasks_.contains(full) || tasks_.contains(full)) refuse_second("task", full);
  tasks_.emplace(full, TaskEntry{plugin_, std::move(doc), std::move(make)});
}

void PluginRegistry::Registration::add_component(std::string_view interface, std::string name,
                                                 std::string doc,
                                                 std::function<std::unique_ptr<Component>()> make) {
  require_name("component", name);
  auto const same = [&](ComponentEntry const& e) { return e.plugin == plugin_ && e.name == name; };
  auto const known = registry_.components_.find(interface);
  bool const taken =
      (known != registry_.components_.end() && std::ranges::any_of(known->second, same)) ||
      std::ranges::any_of(components_,
                          [&](auto const& c) { return c.first == interface && same(c.second); });
  if (taken) refuse_second(std::string(interface), plugin_ + "/" + name);
  components_.emplace_back(
      interface, ComponentEntry{plugin_, std::move(name), std::move(doc), std::move(make)});
}

void PluginRegistry::Registration::add_product(std::string_view id, std::string doc,
                                               std::shared_ptr<Formatter const> formatter) {
  if (auto const known = registry_.products_.find(id); known != registry_.products_.end())
    throw ConfigError("product '" + std::string(id) + "' is registered already, by plugin '" +
                      known->second.plugin + "'");
  auto const [place, is_new] =
      products_.emplace(id, ProductEntry{plugin_, std::move(doc), std::move(formatter)});
  if (!is_new) refuse_second("product", id);
}

void PluginRegistry::Registration::add_instrument(std::string name, InstrumentFactory make) {
  if (registry_.instruments_.contains(name) || !instruments_.emplace(name, std::move(make)).second)
    refuse_second("instrument", name);
}

void PluginRegistry::Registration::add_psf(std::string type, PsfFactory from_state) {
  if (registry_.psfs_.contains(type) || !psfs_.emplace(type, std::move(from_state)).second)
    refuse_second("PSF type", type);
}

void PluginRegistry::Registration::commit() {
  registry_.tasks_.merge(tasks_);
  registry_.products_.merge(products_);
  registry_.instruments_.merge(instruments_);
  registry_.psfs_.merge(psfs_);
  for (auto& [interface, entry] : components_) {
    auto& entries = registry_.components_[interface];
    auto const place = std::ranges::lower_bound(
        entries, std::pair(entry.name, entry.plugin), {},
        [](ComponentEntry const& e) { return std::pair(e.name, e.plugin); });
    entries.insert(place, std::move(entry));
  }
}

}  // namespace almagest

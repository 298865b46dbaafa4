#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/plugin_registry.hpp"

namespace almagest {

/// What one plugin registers, kept apart until all of it is known to be good: a plugin is in as a
/// whole or not at all.
class PluginRegistry::Registration final : public Registrar {
 public:
  Registration(PluginRegistry& registry, std::string plugin)
      : registry_(registry), plugin_(std::move(plugin)) {}

  /// Moves everything into the registry.
  void commit();

 protected:
  // All throw ConfigError for a name that is taken or malformed.
  void add_task(std::string name, std::string doc,
                std::function<std::unique_ptr<Task>()> make) override;
  void add_component(std::string_view interface, std::string name, std::string doc,
                     std::function<std::unique_ptr<Component>()> make) override;
  void add_product(std::string_view id, std::string doc,
                   std::shared_ptr<Formatter const> formatter) override;
  void add_instrument(std::string name, InstrumentFactory make) override;
  void add_psf(std::string type, PsfFactory from_state) override;

 private:
  PluginRegistry& registry_;
  std::string plugin_;
  std::map<std::string, TaskEntry> tasks_;
  std::vector<std::pair<std::string, ComponentEntry>> components_;
  std::map<std::string, ProductEntry, std::less<>> products_;
  std::map<std::string, InstrumentFactory> instruments_;
  std::map<std::string, PsfFactory, std::less<>> psfs_;
};

}  // namespace almagest

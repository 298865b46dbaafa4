#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/plugin.hpp"

namespace almagest {

/// One plugin file that was found, loaded or not.
struct PluginInfo {
  std::string name;  ///< the file's stem; the descriptor's name must be equal
  std::string version;
  std::filesystem::path path;
  std::string error;  ///< why it could not be loaded; empty when it was
  bool loaded() const noexcept { return error.empty(); }
};

/// Everything that plugins and the framework itself have registered. Made once, then read from many
/// threads.
class PluginRegistry final : public ComponentSource {
 public:
  struct TaskEntry {
    std::string plugin;
    std::string doc;
    std::function<std::unique_ptr<Task>()> make;
  };
  struct ComponentEntry {
    std::string plugin, name, doc;
    std::function<std::unique_ptr<Component>()> make;
  };
  struct ProductEntry {
    std::string plugin, doc;
    std::shared_ptr<Formatter const> formatter;  ///< nullptr: lives in memory only
  };

  PluginRegistry();
  ~PluginRegistry() override;

  /// Loads every plugin of the directories; of two files of one name the first wins, even if it is
  /// broken. Never throws for a broken plugin: it is listed with its error. Directories must be
  /// absolute and not world-writable, or they are listed as broken.
  void load(std::vector<std::filesystem::path> const& directories);

  /// Registers under a plugin name without a file: the framework's own products, and toy tasks in
  /// tests.
  void add(std::string const& plugin, std::function<void(Registrar&)> const& register_all);

  std::vector<PluginInfo> const& plugins() const noexcept { return plugins_; }
  /// By full name, `plugin/task`.
  std::map<std::string, TaskEntry> const& tasks() const noexcept { return tasks_; }
  std::map<std::string, ProductEntry, std::less<>> const& products() const noexcept {
    return products_;
  }
  std::vector<ComponentEntry> components(std::string_view interface) const;
  std::vector<std::string> interfaces() const;

  /// \throws ConfigError: unknown (nearest name), or its plugin is broken (the plugin's error), or
  /// the plugin is not found (every path that was tried)
  std::unique_ptr<Task> make_task(std::string const& name) const;
  std::unique_ptr<Component> make(std::string_view interface,
                                  std::string const& name) const override;
  std::vector<std::string> names(std::string_view interface) const override;

  /// The formatter of a product type, or nullptr.
  Formatter const* formatter(std::string_view product_id) const;
  /// Rebuilds a PSF; an UnknownPsf when no plugin knows its type.
  std::shared_ptr<Psf const> psf(PsfState const& state) const;
  /// The instrument as its obs package's C++ wraps it, or the declared one itself.
  std::shared_ptr<Instrument const> instrument(std::string const& name,
                                               std::shared_ptr<Instrument const> declared) const;

 private:
  struct Libraries;
  class Registration;
  void load_file(std::filesystem::path const& path);
  std::string explain_missing(std::string const& plugin, std::string const& what) const;

  std::unique_ptr<Libraries> libraries_;  // handles are kept: plugins are never unloaded
  std::vector<std::filesystem::path> searched_;
  std::vector<PluginInfo> plugins_;
  std::map<std::string, TaskEntry> tasks_;
  std::map<std::string, std::vector<ComponentEntry>, std::less<>> components_;
  std::map<std::string, ProductEntry, std::less<>> products_;
  std::map<std::string, Registrar::InstrumentFactory> instruments_;
  std::map<std::string, Registrar::PsfFactory, std::less<>> psfs_;
};

/// The directories to search, in order: the given ones, those of ALMAGEST_PLUGIN_PATH
/// (colon-separated), and
/// `../lib/almagest/plugins` beside the executable.
std::vector<std::filesystem::path> plugin_directories(
    std::vector<std::filesystem::path> const& given);

}  // namespace almagest

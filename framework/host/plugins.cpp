#include <fmt/format.h>

#include "host/command.hpp"
#include "host/command_line.hpp"
#include "host/environment.hpp"

namespace almagest {

int plugins_command(Arguments const& arguments) {
  CommandLine const line(arguments, "almagest plugins [options]", 0, [](auto) {});
  if (line.help_printed()) return exit_ok;
  PluginRegistry plugins;
  load_plugins(plugins, line.plugin_path());
  if (plugins.plugins().empty()) {
    fmt::print("no plugins found; looked in:\n");
    for (auto const& directory : plugin_directories(line.plugin_path()))
      fmt::print("  {}\n", directory.string());
  }
  bool broken = false;
  for (PluginInfo const& plugin : plugins.plugins()) {
    broken = broken || !plugin.loaded();
    fmt::print("{:<16} {:<8} {}\n", plugin.name, plugin.loaded() ? plugin.version : "BROKEN",
               plugin.path.string());
    if (!plugin.loaded()) fmt::print("{:<16} {}\n", "", plugin.error);
  }
  return broken ? exit_usage : exit_ok;
}

}  // namespace almagest

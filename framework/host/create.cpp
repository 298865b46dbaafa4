#include <fmt/format.h>

#include "almagest/error.hpp"
#include "host/command.hpp"
#include "host/command_line.hpp"
#include "host/environment.hpp"
#include "repository/repository.hpp"

namespace almagest {

int create_command(Arguments const& arguments) {
  CommandLine const line(arguments, "almagest create REPO --instrument NAME", 1, [](auto add) {
    add("instrument", boost::program_options::value<std::string>()->value_name("NAME"),
        "whose frames it will hold");
  });
  if (line.help_printed()) return exit_ok;
  std::string const& root = line.word(0);
  std::optional<std::string> const instrument = line.value("instrument");
  if (!instrument)
    throw ConfigError("say whose frames the repository will hold: --instrument NAME");
  PluginRegistry plugins;
  load_plugins(plugins, line.plugin_path());
  Repository::create(root, *instrument, plugins);
  fmt::print("made a repository for {} in {}\n", *instrument, root);
  return exit_ok;
}

}  // namespace almagest

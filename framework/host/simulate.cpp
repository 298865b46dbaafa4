#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "almagest/error.hpp"
#include "almagest/simulator.hpp"
#include "host/command.hpp"
#include "host/command_line.hpp"
#include "host/console.hpp"
#include "host/environment.hpp"
#include "host/logging.hpp"
#include "engine/pipeline_document.hpp"
#include "engine/toml_reader.hpp"
#include "repository/declared_instrument.hpp"

namespace almagest {

namespace {

/// `-c stars=500 sky=120.0` as the table that configures the simulator.
ConfigValue parameter_table(std::vector<GivenOption> const& given) {
  ConfigValue table;
  for (GivenOption const& option : given)
    for (std::string const& word : option.values) {
      auto const equals = word.find('=');
      if (equals == std::string::npos)
        throw ConfigError("'" + word + "' after -c is not PARAMETER=VALUE");
      Where const where = command_line_place("-c", word);
      ConfigValue value = parse_given_value(word.substr(equals + 1), where);
      value.where = value.key_where = where;
      table.set(word.substr(0, equals), std::move(value));
    }
  return table;
}

/// The component that simulates, and the camera for which it does.
struct Chosen {
  std::unique_ptr<Component> simulator;
  std::shared_ptr<Instrument const> instrument;
};

/// A simulator's own name, or that of a camera, which the simulator of any camera takes.
Chosen choose(std::string const& name, PluginRegistry const& plugins) {
  constexpr std::string_view of_any_camera = "camera";
  std::vector<std::string> const simulators = plugins.names(Simulator::interface_name);
  std::vector<std::string> const cameras = instrument_names();
  bool const is_camera = std::ranges::find(cameras, name) != cameras.end();
  if (is_camera && std::ranges::find(simulators, name) == simulators.end()) {
    Chosen chosen{plugins.make(Simulator::interface_name, std::string(of_any_camera)), nullptr};
    chosen.instrument = load_obs_package(name, plugins).instrument;
    return chosen;
  }
  try {
    return {plugins.make(Simulator::interface_name, name), nullptr};
  } catch (ConfigError const& error) {
    std::string known;
    for (std::string const& camera : cameras) known += (known.empty() ? "" : ", ") + camera;
    throw ConfigError(std::string(error.what()) + "; cameras: " + (known.empty() ? "none" : known));
  }
}

}  // namespace

int simulate_command(Arguments const& arguments) {
  CommandLine const line(arguments, "almagest simulate CAMERA OUT [options]", 2, [](auto add) {
    namespace po = boost::program_options;
    add("seed", po::value<std::string>()->value_name("N"), "fixes every byte (1)")(
        "config,c", po::value<Arguments>()->multitoken()->value_name("PARAMETER=VALUE ..."),
        "as 'almagest describe simulate' lists");
  });
  if (line.help_printed()) return exit_ok;
  std::string const& name = line.word(0);
  std::filesystem::path const out = line.word(1);
  int seed = 1;
  for (GivenOption const& option : line.all("seed"))
    seed = option_integer(option, 0, 2'000'000'000);
  if (std::filesystem::exists(out) && !std::filesystem::is_empty(out))
    throw ConfigError("'" + out.string() + "' is there already and not empty");

  PluginRegistry plugins;
  load_plugins(plugins, line.plugin_path());
  Chosen const chosen = choose(name, plugins);
  Problems problems;
  chosen.simulator->configure(parameter_table(line.all("config")), "simulator '" + name + "'",
                              plugins, problems);
  problems.raise();
  Console console;
  Logging logging(console, {}, {});
  static_cast<Simulator const&>(*chosen.simulator)
      .write({out, static_cast<std::uint64_t>(seed), chosen.instrument.get()},
             logging.of("simulate"));
  fmt::print("wrote {}\n", out.string());
  return exit_ok;
}

}  // namespace almagest

#include <utility>

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

}  // namespace

int simulate_command(Arguments const& arguments) {
  CommandLine const line(arguments, "almagest simulate NAME OUT [options]", 2, [](auto add) {
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
  std::unique_ptr<Component> const component = plugins.make(Simulator::interface_name, name);
  Problems problems;
  component->configure(parameter_table(line.all("config")), "simulator '" + name + "'", plugins,
                       problems);
  problems.raise();
  Console console;
  Logging logging(console, {}, {});
  static_cast<Simulator const&>(*component)
      .write(out, static_cast<std::uint64_t>(seed), logging.of("simulate"));
  fmt::print("wrote {}\n", out.string());
  return exit_ok;
}

}  // namespace almagest

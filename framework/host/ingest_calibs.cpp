#include "repository/ingest_calibs.hpp"

#include <fmt/format.h>

#include <limits>

#include "almagest/error.hpp"
#include "host/command.hpp"
#include "host/command_line.hpp"
#include "host/console.hpp"
#include "host/environment.hpp"
#include "host/interrupt.hpp"
#include "host/logging.hpp"

namespace almagest {
namespace {

CommandLine parse(Arguments const& arguments) {
  return CommandLine(
      arguments, "almagest ingest-calibs REPO FILE... [options]",
      std::numeric_limits<std::size_t>::max(), [](auto add) {
        namespace po = boost::program_options;
        auto const word = [](char const* name) {
          return po::value<std::string>()->value_name(name);
        };
        // clang-format off
        add("mode", word("MODE"), "copy (default), link, move, or direct: leave the files where they are")
           ("validity", word("DAYS"), "each holds so many days before and after its date")
           ("valid-from", word("DATE"), "first day on which they hold, YYYY-MM-DD")
           ("valid-to", word("DATE"), "last day; without it until the next one begins")
           ("calib-date", word("DATE"), "when they were made; else card CALIBDAT")
           ("type", word("NAME"), "bias, dark, flat, fringe, defects, ...; else card OBSTYPE")
           ("keys", po::value<Arguments>()->multitoken()->value_name("KEY=VALUE ..."), "what they are of, where they do not say it; 'all' of everything")
           ("quiet,q", "only what goes wrong, and the summary");
        // clang-format on
      });
}

CalibrationIngestRequest request_of(CommandLine const& line) {
  CalibrationIngestRequest request;
  request.repository = line.word(0);
  line.word(1);  // at least one file
  request.files.assign(line.words().begin() + 1, line.words().end());
  request.mode = ingest_mode(line.value("mode").value_or("copy"));
  request.type = line.value("type").value_or("");
  request.calib_date = line.value("calib-date").value_or("");
  request.valid_from = line.value("valid-from").value_or("");
  request.valid_to = line.value("valid-to").value_or("");
  constexpr int most_days = 365'000;
  for (GivenOption const& option : line.all("validity"))
    request.validity_days = option_integer(option, 0, most_days);
  for (GivenOption const& option : line.all("keys"))
    for (std::string const& word : option.values) {
      auto const equals = word.find('=');
      if (equals == std::string::npos || equals == 0 || equals + 1 == word.size())
        throw ConfigError("'" + word + "' after --keys is not KEY=VALUE");
      request.keys[word.substr(0, equals)] = word.substr(equals + 1);
    }
  if (request.validity_days && (!request.valid_from.empty() || !request.valid_to.empty()))
    throw ConfigError("give either --validity or --valid-from and --valid-to");
  return request;
}

}  // namespace

int ingest_calibs_command(Arguments const& arguments) {
  CommandLine const line = parse(arguments);
  if (line.help_printed()) return exit_ok;
  CalibrationIngestRequest request = request_of(line);
  Interrupt interrupt;
  request.stop = interrupt.token();
  PluginRegistry plugins;
  load_plugins(plugins, line.plugin_path());
  Console console;
  Logging logging(console, {{"", line.has("quiet") ? LogLevel::warning : LogLevel::info}}, {});
  IngestSummary const summary = ingest_calibrations(request, plugins, logging.of("ingest-calibs"));
  fmt::print("{} ingested, {} already there, {} not taken{}\n", summary.ingested, summary.known,
             summary.quarantined,
             summary.quarantined > 0 ? " (table quarantine of the registry tells why)" : "");
  if (summary.interrupted) return exit_interrupted;
  return summary.quarantined > 0 ? exit_some_failed : exit_ok;
}

}  // namespace almagest

#include <fmt/format.h>

#include <limits>

#include "almagest/error.hpp"
#include "host/command.hpp"
#include "host/command_line.hpp"
#include "host/console.hpp"
#include "host/environment.hpp"
#include "host/interrupt.hpp"
#include "host/logging.hpp"
#include "repository/ingest.hpp"

namespace almagest {

int ingest_command(Arguments const& arguments) {
  CommandLine const line(
      arguments, "almagest ingest REPO FILE... [options]", std::numeric_limits<std::size_t>::max(),
      [](auto add) {
        namespace po = boost::program_options;
        // clang-format off
        add("mode", po::value<std::string>()->value_name("MODE"), "link (default), copy, move, or direct: leave the files where they are")
           ("instrument", po::value<std::string>()->value_name("NAME"), "whose frames they are: makes the repository when there is none")
           ("jobs,j", po::value<std::string>()->value_name("N"), "threads (1)")
           ("quiet,q", "only what goes wrong, and the summary");
        // clang-format on
      });
  if (line.help_printed()) return exit_ok;
  IngestRequest request;
  request.repository = line.word(0);
  line.word(1);  // at least one file
  request.files.assign(line.words().begin() + 1, line.words().end());
  request.mode = ingest_mode(line.value("mode").value_or("link"));
  request.instrument = line.value("instrument").value_or("");
  for (GivenOption const& option : line.all("jobs")) request.jobs = option_integer(option, 1, 1024);

  Interrupt interrupt;  // before any other thread: they inherit the blocked signals
  request.stop = interrupt.token();
  PluginRegistry plugins;
  load_plugins(plugins, line.plugin_path());
  Console console;
  Logging logging(console, {{"", line.has("quiet") ? LogLevel::warning : LogLevel::info}}, {});
  IngestSummary const summary = ingest_raws(request, plugins, logging.of("ingest"));
  fmt::print("{} ingested, {} already there, {} not taken{}\n", summary.ingested, summary.known,
             summary.quarantined,
             summary.quarantined > 0 ? " (table quarantine of the registry tells why)" : "");
  if (summary.interrupted) {
    logging.of("ingest").warning("interrupted; the same command again finishes the job");
    return exit_interrupted;
  }
  return summary.quarantined > 0 ? exit_some_failed : exit_ok;
}

}  // namespace almagest

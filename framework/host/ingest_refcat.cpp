#include "repository/ingest_refcat.hpp"

#include <fmt/format.h>

#include <limits>

#include "almagest/error.hpp"
#include "almagest/htm.hpp"
#include "host/command.hpp"
#include "host/command_line.hpp"
#include "host/console.hpp"
#include "host/logging.hpp"

namespace almagest {

int ingest_refcat_command(Arguments const& arguments) {
  CommandLine const line(
      arguments, "almagest ingest-refcat REPO NAME FILE... [options]",
      std::numeric_limits<std::size_t>::max(), [](auto add) {
        namespace po = boost::program_options;
        // clang-format off
        add("map", po::value<Arguments>()->multitoken()->value_name("NAME=COLUMN[:UNIT] ..."), "columns that are called otherwise: ra=RAJ2000 r_mag=rPSF pm_ra=pmRA:mas/yr epoch=ep:yr")
           ("epoch", po::value<std::string>()->value_name("MJD"), "date of the positions (TAI), where no column tells it")
           ("level", po::value<std::string>()->value_name("N"), "of the HTM triangles (7)")
           ("memory", po::value<std::string>()->value_name("MB"), "for rows that wait to be written (256)");
        // clang-format on
      });
  if (line.help_printed()) return exit_ok;
  RefcatRequest request;
  request.repository = line.word(0);
  request.name = line.word(1);
  line.word(2);  // at least one file
  request.files.assign(line.words().begin() + 2, line.words().end());
  for (GivenOption const& option : line.all("map"))
    for (std::string const& word : option.values) {
      auto const equals = word.find('=');
      if (equals == std::string::npos || equals == 0 || equals + 1 == word.size())
        throw ConfigError("'" + word + "' after --map is not NAME=COLUMN");
      request.map[word.substr(0, equals)] = word.substr(equals + 1);
    }
  constexpr double mjd_1886 = 10000, mjd_2132 = 100000;
  for (GivenOption const& option : line.all("epoch"))
    request.epoch_mjd = option_number(option, mjd_1886, mjd_2132);
  for (GivenOption const& option : line.all("level"))
    request.level = option_integer(option, 0, max_htm_level);
  for (GivenOption const& option : line.all("memory"))
    request.most_bytes = static_cast<std::size_t>(option_integer(option, 1, 1 << 20)) << 20;

  Console console;
  Logging logging(console, {}, {});
  RefcatSummary const summary = ingest_reference_catalog(request, logging.of("ingest-refcat"));
  fmt::print("{} objects in {} shards{}\n", summary.rows, summary.shards,
             summary.without_position == 0
                 ? std::string()
                 : fmt::format("; {} rows without a position left out", summary.without_position));
  return exit_ok;
}

}  // namespace almagest

#pragma once

#include <boost/program_options.hpp>
#include <string>
#include <vector>

#include "host/command.hpp"

namespace almagest {

/// Replaces each `@file` by the words of that file: many lines, `#` comments, blank lines, quotes
/// as in a shell. \throws ConfigError when a file cannot be read or a quote stays open, with file
/// and line
Arguments expand_argument_files(Arguments const& words);

/// One option as it stands on the command line, with the words that follow it.
struct GivenOption {
  std::string name;  ///< long name without dashes; "" for a positional word
  std::vector<std::string> values;
};

/// The options in their order. Boost's variables_map would merge repeated `--id` groups, so each
/// command reads this list instead. \throws ConfigError for an unknown option (with the nearest
/// name) or a missing value
std::vector<GivenOption> parse_options(Arguments const& words,
                                       boost::program_options::options_description const& options);

/// A number in a range. \throws ConfigError that names the option
int option_integer(GivenOption const& option, int low, int high);
double option_number(GivenOption const& option, double low, double high);

}  // namespace almagest

#pragma once

#include <boost/program_options.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/command.hpp"
#include "host/option_words.hpp"

namespace almagest {

/// The words of one of the smaller commands: `--help` and `--plugin-path`, which all have, the
/// command's own options, and its positional words.
class CommandLine {
 public:
  using Describe = void (*)(boost::program_options::options_description_easy_init add);

  /// \param usage     "almagest query REPO [options]"
  /// \param positional  how many positional words there may be at most
  /// \throws ConfigError for an unknown option or a word too many
  CommandLine(Arguments const& arguments, std::string usage, std::size_t positional,
              Describe own_options);

  /// Prints the help and says so; the command then has nothing else to do.
  bool help_printed() const;

  bool has(std::string const& option) const;
  /// The last value given, or none.
  std::optional<std::string> value(std::string const& option) const;
  /// Every occurrence of an option, in order.
  std::vector<GivenOption> all(std::string const& option) const;
  std::vector<std::string> const& words() const noexcept { return words_; }
  /// \throws ConfigError with the usage when fewer words were given
  std::string const& word(std::size_t i) const;
  std::vector<std::filesystem::path> plugin_path() const;

 private:
  std::string usage_;
  boost::program_options::options_description options_{"options"};
  std::vector<GivenOption> given_;
  std::vector<std::string> words_;
};

}  // namespace almagest

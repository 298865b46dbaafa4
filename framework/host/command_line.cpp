#include "host/command_line.hpp"

#include <fmt/format.h>

#include <sstream>

#include "almagest/error.hpp"

namespace almagest {

CommandLine::CommandLine(Arguments const& arguments, std::string usage, std::size_t positional,
                         Describe own_options)
    : usage_(std::move(usage)) {
  own_options(options_.add_options());
  options_.add_options()("plugin-path",
                         boost::program_options::value<Arguments>()->value_name("DIR"),
                         "search for plugins here first; repeatable")("help,h", "this text");
  for (GivenOption& option : parse_options(expand_argument_files(arguments), options_)) {
    if (option.name.empty()) {
      words_.insert(words_.end(), option.values.begin(), option.values.end());
    } else {
      given_.push_back(std::move(option));
    }
  }
  if (words_.size() > positional)
    throw ConfigError("one word too many: '" + words_[positional] + "'; usage: " + usage_);
}

bool CommandLine::help_printed() const {
  if (!has("help")) return false;
  std::ostringstream text;
  text << "usage: " << usage_ << "\n\n" << options_;
  fmt::print("{}", text.str());
  return true;
}

bool CommandLine::has(std::string const& option) const {
  return !all(option).empty();
}

std::optional<std::string> CommandLine::value(std::string const& option) const {
  std::vector<GivenOption> const given = all(option);
  if (given.empty()) return std::nullopt;
  return given.back().values.at(0);
}

std::vector<GivenOption> CommandLine::all(std::string const& option) const {
  std::vector<GivenOption> found;
  for (GivenOption const& given : given_)
    if (given.name == option) found.push_back(given);
  return found;
}

std::string const& CommandLine::word(std::size_t i) const {
  if (i >= words_.size()) throw ConfigError("usage: " + usage_);
  return words_[i];
}

std::vector<std::filesystem::path> CommandLine::plugin_path() const {
  std::vector<std::filesystem::path> directories;
  for (GivenOption const& given : all("plugin-path")) directories.emplace_back(given.values.at(0));
  return directories;
}

}  // namespace almagest

#include "host/option_words.hpp"

#include <charconv>
#include <fstream>

#include "almagest/config_value.hpp"
#include "almagest/error.hpp"

namespace almagest {

namespace po = boost::program_options;

namespace {

/// Splits one line into words; quotes hold spaces together, `#` outside quotes starts a comment.
Arguments split_line(std::string const& line, Where const& where) {
  Arguments words;
  std::string word;
  bool inside = false;
  char quote = 0;
  for (char const c : line) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      inside = true;
    } else if (c == '#' && !inside) {
      break;
    } else if (c == ' ' || c == '\t' || c == '\r') {
      if (inside) words.push_back(std::move(word));
      word.clear();
      inside = false;
    } else {
      word += c;
      inside = true;
    }
  }
  if (quote != 0) throw ConfigError(where, std::string("the quote ") + quote + " is not closed");
  if (inside) words.push_back(std::move(word));
  return words;
}

[[noreturn]] void refuse(po::error const& error, po::options_description const& options) {
  if (auto const* unknown = dynamic_cast<po::unknown_option const*>(&error)) {
    std::vector<std::string> names;
    for (auto const& option : options.options()) names.push_back("--" + option->long_name());
    std::string const name = unknown->get_option_name();
    throw ConfigError("no option '" + name + "'" + nearest_name_hint(name, names));
  }
  throw ConfigError(error.what());
}

}  // namespace

Arguments expand_argument_files(Arguments const& words) {
  Arguments expanded;
  for (std::string const& word : words) {
    if (word.size() < 2 || word[0] != '@') {
      expanded.push_back(word);
      continue;
    }
    std::string const path = word.substr(1);
    std::ifstream file(path);
    if (!file) throw ConfigError("cannot read the argument file '" + path + "'");
    std::string line;
    for (unsigned number = 1; std::getline(file, line); ++number)
      for (std::string& part : split_line(line, {path, number, 1}))
        expanded.push_back(std::move(part));
  }
  return expanded;
}

std::vector<GivenOption> parse_options(Arguments const& words,
                                       po::options_description const& options) {
  // Guessing of abbreviations is off: an option added later must not change what a script means.
  constexpr int style =
      po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
  po::positional_options_description positional;
  positional.add("positional", -1);
  po::options_description all;
  all.add(options).add_options()("positional", po::value<Arguments>());
  try {
    auto const parsed =
        po::command_line_parser(words).options(all).positional(positional).style(style).run();
    std::vector<GivenOption> given;
    for (auto const& option : parsed.options)
      given.push_back({option.string_key == "positional" ? "" : option.string_key, option.value});
    return given;
  } catch (po::error const& error) {
    refuse(error, options);
  }
}

int option_integer(GivenOption const& option, int low, int high) {
  std::string const& text = option.values.at(0);
  int value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high)
    throw ConfigError("--" + option.name + " wants a whole number from " + std::to_string(low) +
                      " to " + std::to_string(high) + ", got '" + text + "'");
  return value;
}

double option_number(GivenOption const& option, double low, double high) {
  std::string const& text = option.values.at(0);
  double value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= low && value <= high))
    throw ConfigError("--" + option.name + " wants a number from " + to_toml(ConfigValue(low)) +
                      " to " + to_toml(ConfigValue(high)) + ", got '" + text + "'");
  return value;
}

}  // namespace almagest

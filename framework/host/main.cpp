#include <cstdio>
#include <exception>
#include <string>

#include "almagest/config_value.hpp"
#include "almagest/error.hpp"
#include "host/command.hpp"

namespace {

using namespace almagest;

void print_usage(std::FILE* out) {
  std::fputs("usage: almagest COMMAND …\n\ncommands:\n", out);
  for (Command const& command : commands())
    std::fprintf(out, "  %-14s %s\n", command.name, command.summary);
  std::fputs(
      "\n'almagest COMMAND --help' tells a command's options; 'almagest --version' the version.\n",
      out);
}

int dispatch(Arguments const& words) {
  if (words.empty()) {
    print_usage(stderr);
    return exit_usage;
  }
  if (words[0] == "help" && words.size() > 1) return dispatch({words[1], "--help"});
  if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
    print_usage(stdout);
    return exit_ok;
  }
  if (words[0] == "--version") {
    std::puts("almagest " ALMAGEST_VERSION);
    return exit_ok;
  }
  std::vector<std::string> names;
  for (Command const& command : commands()) {
    if (words[0] == command.name) return command.run({words.begin() + 1, words.end()});
    names.emplace_back(command.name);
  }
  throw ConfigError("no command '" + words[0] + "'" + nearest_name_hint(words[0], names) +
                    " ('almagest --help' lists them)");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return dispatch({argv + 1, argv + argc});
  } catch (almagest::ConfigError const& error) {
    std::fprintf(stderr, "almagest: %s\n", error.what());
    return almagest::exit_usage;
  } catch (almagest::NotImplementedError const& error) {
    std::fprintf(stderr, "almagest: %s\n", error.what());
    return almagest::exit_usage;
  } catch (std::exception const& error) {
    std::fprintf(stderr, "almagest: %s\n", error.what());
    return almagest::exit_some_failed;
  }
}

#include <fmt/format.h>

#include <algorithm>

#include "almagest/error.hpp"
#include "host/camera_check.hpp"
#include "host/camera_proposal.hpp"
#include "host/command.hpp"
#include "host/command_line.hpp"
#include "instrument/data_id_table.hpp"
#include "repository/atomic_file.hpp"

namespace almagest {

namespace {

namespace fs = std::filesystem;

int new_camera(Arguments const& arguments) {
  CommandLine const line(
      arguments, "almagest new camera NAME --from RAW.fits [-o DIR]", 1, [](auto add) {
        namespace po = boost::program_options;
        add("from", po::value<std::string>()->value_name("RAW.fits"), "a frame as it was read out")(
            "out,o", po::value<std::string>()->value_name("DIR"),
            "the obs package, obs_NAME by default; ALMAGEST_OBS_PATH names it or its parent");
      });
  if (line.help_printed()) return exit_ok;
  std::string const& name = line.word(0);
  if (!is_identifier(name))
    throw ConfigError("'" + name + "' is no name for a camera: want letters, digits and '_'");
  std::optional<std::string> const from = line.value("from");
  if (!from) throw ConfigError("say which frame the camera looks like: --from RAW.fits");
  fs::path const directory = line.value("out").value_or("obs_" + name);
  fs::path const file = directory / "camera.toml";
  if (fs::exists(file)) throw ConfigError("'" + file.string() + "' is there already");

  RawHeaders const raw(all_headers(*from));
  if (raw.images().empty()) throw DataError(*from + ": there is no image in it");
  std::string const text = proposed_camera(name, raw, fs::path(*from).filename().string());
  write_atomically(file, text);
  auto const todo = [&] {
    int count = 0;
    for (auto at = text.find("TODO:"); at != std::string::npos; at = text.find("TODO:", at + 1))
      ++count;
    return count;
  };
  fmt::print(
      "wrote {}: {} lines, {} of them to be looked at (TODO). Then:\n"
      "  export ALMAGEST_OBS_PATH={}\n"
      "  almagest check-camera {} {} --plot .\n",
      file.string(), std::ranges::count(text, '\n'), todo(), fs::absolute(directory).string(), name,
      *from);
  return exit_ok;
}

}  // namespace

int new_command(Arguments const& arguments) {
  if (!arguments.empty() && arguments[0] == "camera")
    return new_camera({arguments.begin() + 1, arguments.end()});
  bool const help = !arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h");
  std::string const usage = "usage: almagest new camera NAME --from RAW.fits [-o DIR]";
  if (!help)
    throw ConfigError(arguments.empty() ? usage
                                        : "nothing new is called '" + arguments[0] + "'; " + usage);
  fmt::print("{}\n", usage);
  return exit_ok;
}

}  // namespace almagest

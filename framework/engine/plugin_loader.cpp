#include <boost/dll/runtime_symbol_info.hpp>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <system_error>

#include "engine/plugin_libraries.hpp"
#include "engine/plugin_registration.hpp"

namespace almagest {

namespace fs = std::filesystem;
namespace dll = boost::dll;

namespace {

constexpr char const* descriptor_symbol = "almagest_plugin_descriptor";

/// dlerror() repeats the path in front; the plugin's path is printed anyway.
std::string why_not_opened(fs::path const& path) {
  char const* const text = ::dlerror();
  std::string why = text ? text : "unknown reason";
  std::string const prefix = path.string() + ": ";
  return why.starts_with(prefix) ? why.substr(prefix.size()) : why;
}

void open_library(fs::path const& path, dll::shared_library& library) {
  std::error_code error;
  ::dlerror();  // forget earlier ones
  // The lazy default would accept an undefined symbol and die at its first call.
  library.load(path, dll::load_mode::rtld_now, error);
  if (error) throw ConfigError("cannot be loaded: " + why_not_opened(path));
  // Never unload: see Libraries. An open library can only be pinned by opening it once more.
  ::dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

void check_descriptor(PluginDescriptor const& descriptor, fs::path const& path) {
  if (descriptor.magic != plugin_magic)
    throw ConfigError(fmt::format(
        "is not an Almagest plugin: its descriptor begins with {:#010x}, not with {:#010x}",
        descriptor.magic, plugin_magic));
  if (descriptor.abi != plugin_abi || descriptor.size != sizeof(PluginDescriptor))
    throw ConfigError(fmt::format(
        "was built for plugin ABI {} (descriptor of {} bytes), this program has ABI {} ({} bytes): "
        "rebuild it",
        descriptor.abi, descriptor.size, plugin_abi, sizeof(PluginDescriptor)));
  std::string_view const theirs = descriptor.build_id, ours = build_id.data();
  if (theirs != ours)
    throw ConfigError(fmt::format("rebuild against '{}': it was built against '{}'", ours, theirs));
  if (path.stem() != descriptor.name)
    throw ConfigError(fmt::format("calls itself '{}', so its file must be named '{}.so'",
                                  descriptor.name, descriptor.name));
}

/// Why no plugin of a directory may be loaded, or "".
std::string why_refused(fs::path const& directory) {
  if (!directory.is_absolute()) return "the directory's path is not absolute";
  std::error_code error;
  fs::perms const mode = fs::status(directory, error).permissions();
  if (!error && (mode & fs::perms::others_write) != fs::perms::none)
    return "everybody may write to the directory: its plugins are not loaded";
  return {};
}

std::vector<fs::path> plugin_files(fs::path const& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".so" && !entry->is_directory()) files.push_back(*entry);
  std::ranges::sort(files);
  return files;
}

}  // namespace

PluginDescriptor const& open_plugin(fs::path const& path, dll::shared_library& library) {
  if (!fs::exists(path)) throw ConfigError("the file does not exist");
  open_library(path, library);
  if (!library.has(descriptor_symbol))
    throw ConfigError(
        fmt::format("is not an Almagest plugin: it has no symbol '{}'", descriptor_symbol));
  auto const& descriptor = library.get<PluginDescriptor const>(descriptor_symbol);
  check_descriptor(descriptor, path);
  return descriptor;
}

void PluginRegistry::load(std::vector<fs::path> const& directories) {
  std::set<std::string> seen;
  for (PluginInfo const& info : plugins_) seen.insert(info.name);
  for (fs::path const& directory : directories) {
    searched_.push_back(directory);
    std::error_code error;
    if (!fs::is_directory(directory, error)) continue;
    if (std::string const refusal = why_refused(directory); !refusal.empty()) {
      plugins_.push_back({directory.filename().string(), "", directory, refusal});
      continue;
    }
    for (fs::path const& path : plugin_files(directory))
      if (seen.insert(path.stem().string()).second) load_file(path);
  }
}

void PluginRegistry::load_file(fs::path const& path) {
  PluginInfo info{path.stem().string(), "", path, ""};
  dll::shared_library library;
  try {
    PluginDescriptor const& descriptor = open_plugin(path, library);
    info.version = descriptor.version;
    Registration registration(*this, info.name);
    try {
      descriptor.register_all(registration);
    } catch (std::exception const& e) {
      throw ConfigError(std::string("its registration failed: ") + e.what());
    } catch (...) {
      throw ConfigError("its registration failed: an exception that is no std::exception");
    }
    registration.commit();
  } catch (std::exception const& e) {
    info.error = e.what();
  }
  if (library.is_loaded()) libraries_->handles.push_back(std::move(library));
  plugins_.push_back(std::move(info));
}

std::vector<fs::path> plugin_directories(std::vector<fs::path> const& given) {
  std::vector<fs::path> directories;
  for (fs::path const& directory : given) directories.push_back(fs::absolute(directory));
  if (char const* const variable = std::getenv("ALMAGEST_PLUGIN_PATH")) {
    std::string_view rest = variable;
    while (!rest.empty()) {
      std::string_view const entry = rest.substr(0, rest.find(':'));
      if (!entry.empty()) directories.push_back(fs::absolute(entry));
      rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    }
  }
  fs::path const program = dll::program_location();
  directories.push_back((program.parent_path() / "../lib/almagest/plugins").lexically_normal());
  return directories;
}

}  // namespace almagest

#include "repository/declared_instrument.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>

#include "engine/toml_reader.hpp"
#include "instrument/camera.hpp"
#include "instrument/camera_document.hpp"
#include "repository/checksum.hpp"
#include "repository/dataset_types.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

/// A directory with a camera.toml, parsed as far as possible, without what it inherits.
struct Candidate {
  fs::path directory;
  ConfigValue document;
  std::string error;  ///< why it could not be parsed

  std::string name() const {
    ConfigValue const* camera = document.find("camera");
    ConfigValue const* name = camera ? camera->find("name") : nullptr;
    return name && name->is_string() ? name->string() : std::string();
  }
  std::vector<std::string> mappers() const {
    std::vector<std::string> result;
    ConfigValue const* camera = document.find("camera");
    ConfigValue const* list = camera ? camera->find("gen2_mappers") : nullptr;
    if (list && list->is_array())
      for (ConfigValue const& element : list->array())
        if (element.is_string()) result.push_back(element.string());
    return result;
  }
};

std::vector<fs::path> subdirectories(fs::path const& directory) {
  std::vector<fs::path> result;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code none;
    if (entry->is_directory(none)) result.push_back(entry->path());
  }
  std::ranges::sort(result);
  return result;
}

/// Every package that can be found, in the order of the search.
std::vector<Candidate> candidates() {
  std::vector<Candidate> result;
  auto const add = [&](fs::path const& directory) {
    std::error_code error;
    if (!fs::is_regular_file(directory / "camera.toml", error)) return;
    Candidate candidate{directory, {}, {}};
    try {
      candidate.document = read_toml(directory / "camera.toml");
    } catch (Error const& e) {  // it is somebody else's camera, unless it turns out to be missing
      candidate.error = e.what();
    }
    result.push_back(std::move(candidate));
  };
  for (fs::path const& directory : obs_directories()) {
    add(directory);
    for (fs::path const& package : subdirectories(directory)) {
      add(package);
      // A family of cameras: obs_lsst/lsstcam/camera.toml.
      std::ranges::for_each(subdirectories(package), add);
    }
  }
  return result;
}

void require_plugin(CameraFile const& camera, PluginRegistry const& plugins) {
  if (camera.plugin.empty()) return;
  for (PluginInfo const& info : plugins.plugins())
    if (info.name == camera.plugin) {
      if (info.loaded()) return;
      throw ConfigError(fmt::format("instrument '{}' needs plugin '{}', which cannot be loaded: {}",
                                    camera.name, camera.plugin, info.error));
    }
  // Registered without a file, as tests do.
  for (auto const& [id, product] : plugins.products())
    if (product.plugin == camera.plugin) return;
  for (auto const& [name, task] : plugins.tasks())
    if (task.plugin == camera.plugin) return;
  throw ConfigError(fmt::format("instrument '{}' needs plugin '{}', which was not found",
                                camera.name, camera.plugin));
}

ObsPackage load(Candidate const& candidate, PluginRegistry const& plugins) {
  Problems problems;
  ConfigValue const camera_toml = read_package_toml(candidate.directory / "camera.toml");
  CameraFile camera = read_camera(camera_toml, problems);
  ObsPackage package;
  package.directory = candidate.directory;
  package.storage = camera.storage;
  package.datasets = default_dataset_types();
  set_paths(package.storage, package.datasets, problems);
  std::string said = package_text(camera_toml);
  if (fs::path const path = candidate.directory / "datasets.toml"; fs::exists(path)) {
    ConfigValue const document = read_package_toml(path);
    read_dataset_types(document, package.datasets, problems);
    said += '\n' + package_text(document);
  }
  problems.raise();
  package.hash = text_hash(said);
  package.gen2_mappers = camera.gen2_mappers;
  package.gen2_raw_table = camera.gen2_raw_table;
  package.single_frame_pipeline = camera.single_frame_pipeline;
  package.pipelines = (candidate.directory / camera.pipelines_directory).lexically_normal();
  require_plugin(camera, plugins);
  std::string const name = camera.name;
  package.instrument =
      plugins.instrument(name, declared_instrument(std::move(camera), candidate.directory));
  return package;
}

ObsPackage load_first(std::function<bool(Candidate const&)> const& fits,
                      std::function<std::string(std::vector<Candidate> const&)> const& complaint,
                      PluginRegistry const& plugins) {
  std::vector<Candidate> const all = candidates();
  for (Candidate const& candidate : all)
    if (candidate.error.empty() && fits(candidate)) return load(candidate, plugins);
  std::string message = complaint(all);
  for (Candidate const& candidate : all)
    if (!candidate.error.empty()) message += "\n" + candidate.error;
  if (all.empty()) {
    message += "; no obs package was found in";
    for (fs::path const& directory : obs_directories()) message += " " + directory.string();
  }
  throw ConfigError(message);
}

}  // namespace

std::vector<fs::path> obs_directories() {
  std::vector<fs::path> result;
  if (char const* path = std::getenv("ALMAGEST_OBS_PATH")) {
    std::string_view rest = path;
    while (!rest.empty()) {
      auto const colon = rest.find(':');
      if (colon != 0) result.emplace_back(rest.substr(0, colon));
      rest = colon == std::string_view::npos ? std::string_view() : rest.substr(colon + 1);
    }
  }
  std::error_code error;
  fs::path const program = fs::read_symlink("/proc/self/exe", error);
  if (!error)
    result.push_back(program.parent_path().parent_path() / "share" / "almagest" / "obs_packages");
  return result;
}

std::vector<std::string> instrument_names() {
  std::vector<std::string> names;
  for (Candidate const& candidate : candidates())
    if (!candidate.name().empty()) names.push_back(candidate.name());
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

ObsPackage load_obs_package(std::string const& instrument, PluginRegistry const& plugins) {
  return load_first([&](Candidate const& candidate) { return candidate.name() == instrument; },
                    [&](std::vector<Candidate> const&) {
                      std::vector<std::string> const known = instrument_names();
                      return fmt::format(
                          "no instrument '{}'{}{}", instrument,
                          nearest_name_hint(instrument, known),
                          known.empty() ? "" : fmt::format("; known: {}", fmt::join(known, ", ")));
                    },
                    plugins);
}

ObsPackage load_obs_package_for_mapper(std::string const& gen2_mapper,
                                       PluginRegistry const& plugins) {
  return load_first(
      [&](Candidate const& candidate) {
        auto const mappers = candidate.mappers();
        return std::ranges::find(mappers, gen2_mapper) != mappers.end();
      },
      [&](std::vector<Candidate> const& all) {
        std::string known;
        for (Candidate const& candidate : all)
          for (std::string const& mapper : candidate.mappers())
            known += fmt::format("{}{} ({})", known.empty() ? "; known: " : ", ", mapper,
                                 candidate.name());
        return fmt::format("no instrument is known for the Gen2 mapper '{}'{}", gen2_mapper, known);
      },
      plugins);
}

}  // namespace almagest

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "almagest/instrument.hpp"
#include "engine/dataset_type.hpp"
#include "engine/plugin_registry.hpp"
#include "instrument/frame_storage.hpp"

namespace almagest {

/// An obs package as its TOML files declare it: camera.toml, datasets.toml, pipelines/.
struct ObsPackage {
  std::filesystem::path directory;
  std::shared_ptr<Instrument const> instrument;  ///< wrapped by the package's C++ when there is any
  FrameStorage storage;                          ///< where raws go, and the registry's columns
  DatasetTypes datasets;                  ///< the framework's defaults, overridden by the package's
  std::vector<std::string> gen2_mappers;  ///< Gen2 `_mapper` names that mean this instrument
  std::string gen2_raw_table = "raw";
  std::string single_frame_pipeline;
  std::filesystem::path pipelines;  ///< `instrument:`; cameras of one observatory may share it
  std::string hash;                 ///< of camera.toml and datasets.toml: part of the configuration
};

/// Directories that hold obs packages: ALMAGEST_OBS_PATH, then `../share/almagest/obs_packages`
/// beside the executable.
std::vector<std::filesystem::path> obs_directories();

/// The instruments that can be found, by name. A directory without camera.toml is passed over.
std::vector<std::string> instrument_names();

/// \throws ConfigError for an unknown instrument (with the known ones) or a bad TOML file (all
/// problems at once)
ObsPackage load_obs_package(std::string const& instrument, PluginRegistry const& plugins);
ObsPackage load_obs_package_for_mapper(std::string const& gen2_mapper,
                                       PluginRegistry const& plugins);

}  // namespace almagest

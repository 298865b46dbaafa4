#pragma once

#include <map>
#include <string>

#include "engine/pipeline.hpp"
#include "engine/plugin_registry.hpp"
#include "repository/declared_instrument.hpp"

namespace almagest {

/// Everything that decides what a rerun's products are: the pipeline, the camera, and the versions
/// of Almagest and of the plugins whose tasks and components the pipeline names.
struct Configuration {
  std::map<std::string, std::string> entries;   ///< sorted `key.path` -> value, for the difference
  std::map<std::string, std::string> versions;  ///< of Almagest and its plugins, by name
  std::string hash;
};

Configuration configuration_of(Pipeline const& pipeline, ObsPackage const& package,
                               PluginRegistry const& plugins);

/// The versions as JSON: `config/packages.json`. No dates, no machines: the same bytes everywhere.
std::string packages_json(Configuration const& configuration);

}  // namespace almagest

#pragma once

#include <boost/dll/shared_library.hpp>
#include <filesystem>
#include <vector>

#include "engine/plugin_registry.hpp"

namespace almagest {

/// The plugin files that are open.
///
/// They stay so until the process ends, even after this object: products, tasks and exceptions
/// carry code of their plugin.
struct PluginRegistry::Libraries {
  std::vector<boost::dll::shared_library> handles;
};

/// Opens a file and checks its descriptor; nothing of the plugin is called, and nothing behind
/// magic, size and ABI is looked at before these and the build id are right.
/// \throws ConfigError with one of the messages of docs/plugin_contract.md
PluginDescriptor const& open_plugin(std::filesystem::path const& path,
                                    boost::dll::shared_library& library);

}  // namespace almagest

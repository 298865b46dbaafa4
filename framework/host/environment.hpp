#pragma once

#include <filesystem>
#include <vector>

#include "engine/plugin_registry.hpp"

namespace almagest {

/// The framework's own products and every plugin found, in the order of plugin_directories().
/// \param given  `--plugin-path`
void load_plugins(PluginRegistry& registry, std::vector<std::filesystem::path> const& given);

/// `pipelines/` of the installation (`almagest:` in includes).
std::filesystem::path installed_pipelines();

}  // namespace almagest

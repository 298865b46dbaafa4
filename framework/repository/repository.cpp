#include "repository/repository.hpp"

#include "repository/opened_repository.hpp"

namespace almagest {

Repository::~Repository() = default;

std::shared_ptr<Repository const> Repository::open(std::filesystem::path const& root,
                                                   PluginRegistry const& plugins,
                                                   OpenOptions const& options) {
  // Datasets that are looked up by validity will be read from there.
  if (!options.calibrations.empty() && !std::filesystem::is_directory(options.calibrations))
    throw ConfigError("--calib: there is no directory " + options.calibrations.string());
  return std::make_shared<OpenedRepository>(root, plugins);
}

void Repository::create(std::filesystem::path const& root, std::string const& instrument,
                        PluginRegistry const& plugins) {
  ObsPackage const package = load_obs_package(instrument, plugins);
  for (char const* file : {repository_file_name, "_mapper", registry_file_name})
    if (std::filesystem::exists(root / file))
      throw ConfigError("there is a repository already: " + (root / file).string());
  std::error_code error;
  std::filesystem::create_directories(root, error);
  if (error) throw ConfigError("cannot make " + root.string() + ": " + error.message());
  Registry::create(root / registry_file_name, &package.instrument->keys());
  // Last: a directory without it is no repository yet.
  write_repository_file(root, {package.instrument->name(), {}, {}});
}

}  // namespace almagest

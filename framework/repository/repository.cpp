#include "repository/repository.hpp"

#include "repository/opened_repository.hpp"

namespace almagest {

Repository::~Repository() = default;

std::shared_ptr<Repository const> Repository::open(std::filesystem::path const& root,
                                                   PluginRegistry const& plugins,
                                                   OpenOptions const& options) {
  if (!options.calibrations.empty() && !std::filesystem::is_directory(options.calibrations))
    throw ConfigError("--calib: there is no directory " + options.calibrations.string());
  return std::make_shared<OpenedRepository>(root, plugins, options.calibrations);
}

void Repository::create(std::filesystem::path const& root, std::string const& instrument,
                        PluginRegistry const& plugins) {
  ObsPackage const package = load_obs_package(instrument, plugins);
  for (char const* file : {repository_file_name, "_mapper", registry_file_name})
    if (std::filesystem::exists(root / file))
      throw ConfigError("there is a repository already: " + (root / file).string());
  make_repository_files(root, package);
}

void make_repository_files(std::filesystem::path const& root, ObsPackage const& package) {
  std::error_code error;
  std::filesystem::create_directories(root, error);
  if (error) throw ConfigError("cannot make " + root.string() + ": " + error.message());
  FrameTablesOf const frames{package.storage, package.instrument->keys()};
  Registry::create(root / registry_file_name, &frames);
  // Last: a directory without it is no repository yet.
  write_repository_file(root, {package.instrument->name(), {}, {}});
}

}  // namespace almagest

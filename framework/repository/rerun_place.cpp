#include "repository/rerun_place.hpp"

#include <fmt/format.h>

#include "repository/atomic_file.hpp"
#include "repository/path_template.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

fs::path absolute_directory(fs::path const& path) {
  fs::path const result = fs::absolute(path).lexically_normal();
  return result.has_filename() ? result : result.parent_path();
}

void check_name(std::string const& name) {
  try {
    confined("--rerun", name);
  } catch (DataError const& e) {
    throw ConfigError(e.what());
  }
  if (name.front() == '.')
    throw ConfigError("--rerun '" + name + "': a name may not begin with '.'");
}

bool same_directory(fs::path const& a, fs::path const& b) {
  std::error_code error;
  return fs::equivalent(a, b, error);
}

/// `--output` into a directory that is a repository already: it must be this one's child.
void check_existing(OpenedRepository const& repository, fs::path const& directory) {
  if (fs::exists(directory / "_mapper"))
    throw ConfigError(
        fmt::format("--output {}: this is an LSST repository of its own", directory.string()));
  if (!fs::exists(directory / repository_file_name)) return;
  RepositoryFile const file = read_repository_file(directory);
  if (!file.rerun.empty())
    throw ConfigError(fmt::format("--output {}: this is rerun '{}' of {}", directory.string(),
                                  file.rerun, file.parent.string()));
  if (file.parent.empty() || !same_directory(file.parent, repository.root()))
    throw ConfigError(fmt::format(
        "--output {}: this repository is there already, and {} is not its parent{}",
        directory.string(), repository.root().string(),
        file.parent.empty() ? std::string() : " (that is " + file.parent.string() + ")"));
}

/// As its almagest.toml names it.
fs::path parent_of(OpenedRepository const& repository, RerunPlace const& place) {
  if (place.name.empty()) return fs::canonical(repository.root());
  return repository.is_rerun() ? fs::path("..") / repository.root().filename() : fs::path("../..");
}

/// `--rerun` that is there already keeps what it reads from.
void check_chain(RerunPlace const& place, fs::path const& parent) {
  if (!fs::exists(place.directory / repository_file_name)) return;
  RepositoryFile const file = read_repository_file(place.directory);
  fs::path const wanted = (place.directory / parent).lexically_normal();
  if (!same_directory(file.parent, wanted))
    throw ConfigError(fmt::format("rerun '{}' is there already and reads from {}, not from {}",
                                  place.name, file.parent.string(), wanted.string()));
}

}  // namespace

RerunPlace rerun_place(OpenedRepository const& repository, RerunRequest const& request) {
  if (request.name.empty() == request.output.empty())
    throw ConfigError("say where outputs go: --rerun NAME or --output DIR");
  if (!request.output.empty()) {
    fs::path const directory = absolute_directory(request.output);
    if (same_directory(directory, repository.root()))
      throw ConfigError("--output " + directory.string() +
                        " is the repository itself; use --rerun NAME");
    return {"", directory, directory / registry_file_name};
  }
  check_name(request.name);
  // A rerun's own reruns stand beside it, and find in it what they do not have.
  fs::path const reruns =
      repository.is_rerun() ? repository.root().parent_path() : repository.root() / "rerun";
  fs::path const directory = reruns / request.name;
  if (same_directory(directory, repository.root()))
    throw ConfigError("rerun '" + request.name + "' cannot read itself: give it another name");
  return {request.name, directory, repository.registry().path()};
}

void prepare_rerun_place(OpenedRepository const& repository, RerunPlace const& place) {
  fs::path const parent = parent_of(repository, place);
  if (place.name.empty())
    check_existing(repository, place.directory);
  else
    check_chain(place, parent);
  try {
    std::error_code error;
    fs::create_directories(place.directory, error);
    if (error) throw DataError(place.directory.string() + ": " + error.message());
    // What a process left that was killed before it had entered itself in the registry.
    remove_abandoned_files(place.directory, false);
    if (!fs::exists(place.registry)) remove_abandoned_files(place.registry.parent_path(), false);
    Registry::create(place.registry, nullptr);
    write_repository_file(place.directory, {repository.instrument().name(), parent, place.name});
  } catch (DataError const& e) {
    throw ConfigError(fmt::format("cannot write there: {}{}", e.what(),
                                  place.name.empty() ? "" : "; --output DIR writes elsewhere"));
  }
}

}  // namespace almagest

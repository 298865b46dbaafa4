#include "whole_directory.hpp"

#include <string>
#include <system_error>

#include "almagest/error.hpp"

namespace simulate {

using namespace almagest;
namespace fs = std::filesystem;

void write_whole_directory(fs::path const& directory,
                           std::function<void(fs::path const&)> const& fill) {
  if (fs::exists(directory) && !(fs::is_directory(directory) && fs::is_empty(directory)))
    throw ConfigError(directory.string() + " exists and is not an empty directory");
  fs::path target = directory.lexically_normal();
  if (!target.has_filename()) target = target.parent_path();
  fs::path const partial =
      target.parent_path() / ("." + target.filename().string() + ".simulating");
  std::error_code error;
  fs::remove_all(partial, error);  // what an interrupted run left
  fs::create_directories(partial, error);
  if (error) throw DataError("cannot make " + target.string() + ": " + error.message());
  try {
    fill(partial);
    fs::rename(partial, target);
  } catch (...) {
    fs::remove_all(partial, error);
    throw;
  }
}

}  // namespace simulate

#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "repository/registry.hpp"

namespace almagest {

/// Checksums of input files. A file is read once, also over many runs, as long as its size and its
/// time of change stay the same. Serves several threads.
class InputChecksums {
 public:
  /// \param remember  is given what other runs may know
  InputChecksums(Registry const& registry, std::function<void(ChecksumRow)> remember)
      : registry_(registry), remember_(std::move(remember)) {}

  /// "" when the file does not exist, "directory" for a directory. \throws DataError when it cannot
  /// be read
  std::string of(std::filesystem::path const& path);

 private:
  Registry const& registry_;
  std::function<void(ChecksumRow)> remember_;
  std::mutex mutex_;
  std::map<std::string, ChecksumRow> known_;
};

}  // namespace almagest

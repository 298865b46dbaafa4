#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "almagest/log.hpp"
#include "engine/plugin_registry.hpp"
#include "repository/file_placement.hpp"

namespace almagest {

struct IngestRequest {
  std::filesystem::path repository;
  /// Not empty: the repository is of this instrument, and is made when there is none.
  std::string instrument;
  /// Of directories, every file below whose name ends as FITS files' do.
  std::vector<std::filesystem::path> files;
  IngestMode mode = IngestMode::link;
  int jobs = 1;
  std::stop_token stop;
};

struct IngestSummary {
  std::size_t ingested = 0;
  std::size_t known = 0;        ///< were there already
  std::size_t quarantined = 0;  ///< could not be taken, each said in the log
  bool interrupted = false;
};

/// Puts raw frames where the camera's template says and enters them in the registry.
///
/// The headers are read on several threads, files get their places next, and their rows are
/// committed last, batch by batch: so a process that is killed leaves at worst files without rows,
/// which the same call takes up. A frame is known by its data ID: the same file again, or a copy of
/// it, is passed over; another file for the same data ID is refused. Files that cannot be taken go
/// to the table `quarantine` with the reason.
/// \throws ConfigError when it is no repository, or is one that cannot hold raw frames; DataError
/// when the registry cannot be written
IngestSummary ingest_raws(IngestRequest const& request, PluginRegistry const& plugins, Log& log);

/// The files that are meant, each once, in the order given; those of a directory by name.
/// \throws ConfigError for a directory that cannot be listed
std::vector<std::filesystem::path> ingested_files(std::vector<std::filesystem::path> const& given,
                                                  std::vector<std::string> const& endings);

/// A repository that may be written: neither a rerun nor one with a parent.
struct IngestTarget {
  std::filesystem::path root;
  std::filesystem::path registry;
  bool gen2 = false;
};
/// \param what  for messages: "raw frames"
/// \throws ConfigError
IngestTarget ingest_target(std::filesystem::path const& root, char const* what);

/// Calls work(i) for i in 0..n on several threads.
void for_each_index(std::size_t n, int threads, std::function<void(std::size_t)> const& work);

}  // namespace almagest

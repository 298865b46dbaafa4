#pragma once

#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "repository/registry.hpp"

namespace almagest {

/// Commits the rows of a run in batches, in the order in which they come, on a thread of its own.
///
/// A row is committed after its file has its name and the directory has been flushed. Serves
/// several threads.
class RowWriter {
 public:
  /// \param directory  of the rerun, where datasets' paths begin
  RowWriter(Registry& registry, std::int64_t rerun, std::filesystem::path directory);
  /// Commits what is left; what goes wrong then is lost: call finish() before.
  ~RowWriter();

  /// Rows that belong together are committed together.
  /// \throws DataError when an earlier batch could not be committed
  void add(std::vector<RegistryChange> changes);

  /// The provenance of a dataset that is stored but perhaps not committed is known from here on.
  void announce(DatasetRow const& row);
  std::optional<std::string> announced(std::string const& type, std::string const& data_id) const;

  /// Commits everything and ends the thread. \throws DataError when something was not committed
  void finish();

 private:
  void run();
  void commit(std::vector<RegistryChange> const& batch);
  void raise_failure() const;

  Registry& registry_;
  std::int64_t rerun_;
  std::filesystem::path directory_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::vector<RegistryChange> queue_;
  std::map<std::pair<std::string, std::string>, std::string> announced_;
  std::string failure_;
  std::thread thread_;  // started with the first rows
};

}  // namespace almagest

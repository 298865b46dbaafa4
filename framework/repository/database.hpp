#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "almagest/error.hpp"

namespace almagest {

/// How long a process waits for another one that is writing.
inline constexpr std::chrono::seconds busy_timeout{30};
inline constexpr std::chrono::milliseconds longest_pause{50};

/// Another process holds a lock: the whole transaction may be tried again.
bool is_busy(SQLite::Exception const& error) noexcept;

/// Write-ahead logging needs shared memory between the processes: local file systems only.
bool is_on_local_file_system(std::filesystem::path const& directory);

/// \throws DataError naming the file
std::unique_ptr<SQLite::Database> open_read_write(std::filesystem::path const& path);

/// Calls `work` until it is no longer refused by a lock. SQLite's own waiting does not cover the
/// moments in which a log is recovered or removed.
/// \throws DataError naming the file for any other error of the database
template <class Work>
auto while_busy(std::filesystem::path const& path, Work const& work) {
  auto const deadline = std::chrono::steady_clock::now() + busy_timeout;
  for (std::chrono::milliseconds pause{1};; pause = std::min(2 * pause, longest_pause)) {
    try {
      return work();
    } catch (SQLite::Exception const& error) {
      if (!is_busy(error) || std::chrono::steady_clock::now() > deadline)
        throw DataError(path.string() + ": " + error.what());
    }
    std::this_thread::sleep_for(pause);
  }
}

/// A database that is only read, and in whose directory nothing is written: also on a read-only
/// file system, where SQLite by itself refuses a database with a write-ahead log.
///
/// Opened at the first use. Serves several threads, one at a time.
class ReadConnection {
 public:
  /// \param foreign  not ours: not even the index of a write-ahead log may be made beside it
  ReadConnection(std::filesystem::path path, bool foreign);
  ~ReadConnection();

  std::filesystem::path const& path() const noexcept { return path_; }
  bool exists() const;

  /// Calls `query` with the database. \throws DataError naming the file
  void use(std::function<void(SQLite::Database&)> const& query) const;

 private:
  struct State;
  struct Stamp;
  Stamp stamp() const;
  void open() const;

  std::filesystem::path path_;
  bool foreign_;
  std::unique_ptr<State> state_;
};

}  // namespace almagest

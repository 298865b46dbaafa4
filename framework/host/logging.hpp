#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "almagest/log.hpp"
#include "host/console.hpp"

namespace almagest {

/// The loggers of a run: one per task, each with its own level, all to the console and, if asked
/// for, to a file.
class Logging {
 public:
  /// \param levels  task name ("" = all) and level; later ones win
  /// \throws ConfigError when the file cannot be written
  Logging(Console& console, std::vector<std::pair<std::string, LogLevel>> levels,
          std::filesystem::path const& file);
  ~Logging();

  /// A text of the program itself, such as the summary: to the console as it stands, and to the
  /// file.
  void note(std::string_view text);
  /// The logger of a task; the same one at each call.
  Log& of(std::string const& task);

 private:
  class TaskLog;
  struct Sinks;
  Console& console_;
  std::vector<std::pair<std::string, LogLevel>> levels_;
  std::unique_ptr<Sinks> sinks_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<TaskLog>> logs_;
};

}  // namespace almagest

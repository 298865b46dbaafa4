#pragma once

#include <mutex>
#include <string>
#include <string_view>

namespace almagest {

/// Standard error, shared by the log and the progress line: a log line pushes the progress line
/// down.
class Console {
 public:
  Console();
  bool is_terminal() const noexcept { return terminal_; }
  void write_line(std::string_view text);
  /// Replaces the progress line; shown on a terminal only. An empty text removes it.
  void set_status(std::string text);

 private:
  std::mutex mutex_;
  std::string status_;
  bool terminal_;
};

}  // namespace almagest

#pragma once

#include <string>
#include <string_view>

namespace almagest {

enum class LogLevel { trace, debug, info, warning, error };

/// Where a task says what it does. Each task has a logger of its own name, so `-L isr=DEBUG` works.
class Log {
 public:
  virtual ~Log();
  virtual void write(LogLevel level, std::string_view message) = 0;
  virtual bool enabled(LogLevel level) const = 0;

  void debug(std::string_view message) { write(LogLevel::debug, message); }
  void info(std::string_view message) { write(LogLevel::info, message); }
  void warning(std::string_view message) { write(LogLevel::warning, message); }
  void error(std::string_view message) { write(LogLevel::error, message); }
};

}  // namespace almagest

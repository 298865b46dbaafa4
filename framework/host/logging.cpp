#include "host/logging.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/basic_file_sink.h>

#include "almagest/error.hpp"

namespace almagest {

namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::trace:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

class ConsoleSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ConsoleSink(Console& console) : console_(console) {}

 private:
  void sink_it_(spdlog::details::log_msg const& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    console_.write_line({text.data(), text.size()});
  }
  void flush_() override {}
  Console& console_;
};

}  // namespace

struct Logging::Sinks {
  std::vector<spdlog::sink_ptr> all;
  spdlog::sink_ptr file;  // also among them; none without --logdest
};

class Logging::TaskLog final : public Log {
 public:
  TaskLog(std::string const& task, LogLevel level, std::vector<spdlog::sink_ptr> const& sinks)
      : logger_(task, sinks.begin(), sinks.end()) {
    logger_.set_level(spdlog_level(level));
    logger_.flush_on(spdlog::level::err);
  }
  void write(LogLevel level, std::string_view message) override {
    logger_.log(spdlog_level(level), spdlog::string_view_t(message.data(), message.size()));
  }
  bool enabled(LogLevel level) const override { return logger_.should_log(spdlog_level(level)); }

 private:
  spdlog::logger logger_;
};

Logging::Logging(Console& console, std::vector<std::pair<std::string, LogLevel>> levels,
                 std::filesystem::path const& file)
    : console_(console), levels_(std::move(levels)), sinks_(std::make_unique<Sinks>()) {
  auto terminal = std::make_shared<ConsoleSink>(console);
  terminal->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%n %l: %v", spdlog::pattern_time_type::local, ""));
  sinks_->all.push_back(std::move(terminal));
  if (file.empty()) return;
  try {
    auto written = std::make_shared<spdlog::sinks::basic_file_sink_mt>(file.string());
    written->set_pattern("%Y-%m-%dT%H:%M:%S.%e %n %l: %v");
    sinks_->file = std::move(written);
    sinks_->all.push_back(sinks_->file);
  } catch (spdlog::spdlog_ex const& error) {
    throw ConfigError(std::string("--logdest: ") + error.what());
  }
}

Logging::~Logging() = default;

void Logging::note(std::string_view text) {
  console_.write_line(text);
  if (!sinks_->file) return;
  std::string const below = "\n" + std::string(text);  // a table starts on a line of its own
  sinks_->file->log({"almagest", spdlog::level::info, below});
}

Log& Logging::of(std::string const& task) {
  std::lock_guard lock(mutex_);
  std::unique_ptr<TaskLog>& log = logs_[task];
  if (!log) {
    LogLevel level = LogLevel::info;
    for (auto const& [name, value] : levels_)
      if (name.empty() || name == task) level = value;
    log = std::make_unique<TaskLog>(task, level, sinks_->all);
  }
  return *log;
}

}  // namespace almagest

#include "host/progress.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace almagest {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

nlohmann::ordered_json json_value(Value const& value) {
  return std::visit([](auto const& v) { return nlohmann::ordered_json(v); }, value);
}

nlohmann::ordered_json json_id(DataId const& id) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (auto const& [key, value] : id.items()) json[key] = json_value(value);
  return json;
}

void print_json(nlohmann::ordered_json const& json) {
  // Bytes that are no UTF-8 (a path in an error) must not end the run.
  std::puts(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
  std::fflush(stdout);
}

std::string time_left(double elapsed_s, std::size_t done, std::size_t all) {
  if (done == 0) return "?";
  auto const left =
      static_cast<long>(elapsed_s * static_cast<double>(all - done) / static_cast<double>(done));
  return fmt::format("{}:{:02}", left / 60, left % 60);
}

}  // namespace

Progress::Progress(Pipeline const& pipeline, std::size_t units, ProgressStyle style,
                   Console& console, Logging& logging, RunObserver* next,
                   std::function<void()> on_failure)
    : pipeline_(pipeline),
      units_(units),
      style_(style),
      console_(console),
      logging_(logging),
      next_(next),
      on_failure_(std::move(on_failure)),
      counts_(pipeline.steps.size()) {}

void Progress::unit_started(DataId const& id) {
  if (next_) next_->unit_started(id);
  std::lock_guard lock(mutex_);
  ++started_;
  if (style_ == ProgressStyle::json) print_json({{"event", "unit_started"}, {"id", json_id(id)}});
  show_line();
}

void Progress::unit_finished(DataId const& id, bool ok) {
  if (next_) next_->unit_finished(id, ok);
  std::lock_guard lock(mutex_);
  ++finished_;
  if (!ok) ++finished_bad_;
  if (style_ == ProgressStyle::json)
    print_json({{"event", "unit_finished"},
                {"id", json_id(id)},
                {"ok", ok},
                {"done", finished_},
                {"of", units_},
                {"failed", finished_bad_},
                {"in_flight", started_ - finished_},
                {"elapsed_s", seconds_since(begin_)}});
  show_line();
}

void Progress::quantum_finished(QuantumReport const& report) {
  if (next_) next_->quantum_finished(report);
  Step const& step = pipeline_.steps[static_cast<std::size_t>(report.step)];
  if (report.state == QuantumState::failed) {
    logging_.of(step.name).error(report.id.str() + ": " + report.message);
    on_failure_();
  } else if (report.state == QuantumState::skipped && !report.up_to_date) {
    logging_.of(step.name).info(report.id.str() + ": skipped: " + report.message);
  }

  std::lock_guard lock(mutex_);
  Counts& counts = counts_[static_cast<std::size_t>(report.step)];
  switch (report.state) {
    case QuantumState::ok:
      ++counts.ok;
      break;
    case QuantumState::skipped:
      ++(report.up_to_date ? counts.up_to_date : counts.skipped);
      break;
    case QuantumState::failed:
      ++counts.failed;
      break;
    case QuantumState::blocked:
      ++counts.blocked;
      break;
  }
  counts.wall_s += report.wall_s;
  counts.cpu_s += report.cpu_s;
  if (style_ != ProgressStyle::json) return;
  nlohmann::ordered_json json{
      {"event", "quantum"},
      {"task", step.name},
      {"id", json_id(report.id)},
      {"state", report.up_to_date ? "up_to_date" : to_string(report.state)}};
  if (!report.message.empty()) json["message"] = report.message;
  json["wall_s"] = report.wall_s;
  json["cpu_s"] = report.cpu_s;
  for (auto const& [metric, value] : report.metrics)
    json["metrics"][metric->name()] = json_value(value);
  print_json(json);
}

std::size_t Progress::failures() const {
  std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (Counts const& counts : counts_) sum += counts.failed;
  return sum;
}

void Progress::show_line() {
  if (style_ != ProgressStyle::automatic || !console_.is_terminal()) return;
  constexpr auto interval = std::chrono::milliseconds(100);
  Clock::time_point const now = Clock::now();
  if (now - last_shown_ < interval && finished_ < units_) return;
  last_shown_ = now;
  double const elapsed = seconds_since(begin_);
  console_.set_status(fmt::format(
      "{}/{} done, {} failed, {} in flight, {:.2f}/s, {} left", finished_, units_, finished_bad_,
      started_ - std::min(started_, finished_), static_cast<double>(finished_) / elapsed,
      time_left(elapsed, finished_, std::max(units_, finished_))));
}

void Progress::finish() {
  console_.set_status("");
}

std::string Progress::summary(RunSummary const& run) const {
  std::lock_guard lock(mutex_);
  std::size_t width = 4;
  for (Step const& step : pipeline_.steps) width = std::max(width, step.name.size());
  std::string text =
      fmt::format("{:<{}} {:>7} {:>7} {:>10} {:>7} {:>7} {:>9} {:>9}\n", "task", width, "ok",
                  "skipped", "up-to-date", "failed", "blocked", "wall [s]", "CPU [s]");
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    Counts const& c = counts_[i];
    text += fmt::format("{:<{}} {:>7} {:>7} {:>10} {:>7} {:>7} {:>9.3f} {:>9.3f}\n",
                        pipeline_.steps[i].name, width, c.ok, c.skipped, c.up_to_date, c.failed,
                        c.blocked, c.wall_s, c.cpu_s);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto const cpu = [](timeval const& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  text += fmt::format(
      "data IDs: {} done, {} up to date, {} failed{}; {:.2f} s, CPU {:.2f} s, peak memory {} MB",
      run.units_ok, run.units_up_to_date, run.units_failed,
      run.units_not_started == 0 ? "" : fmt::format(", {} not started", run.units_not_started),
      seconds_since(begin_), cpu(usage.ru_utime) + cpu(usage.ru_stime), usage.ru_maxrss / 1024);
  return text;
}

}  // namespace almagest

#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "engine/executor.hpp"
#include "host/console.hpp"
#include "host/logging.hpp"
#include "host/run_options.hpp"

namespace almagest {

/// Follows a run: logs failures, shows the progress line or JSON lines, and counts for the summary.
class Progress final : public RunObserver {
 public:
  /// \param next        hears everything too (the rerun, which keeps the quanta)
  /// \param on_failure  called at each failed quantum (`--doraise` stops the run there)
  Progress(Pipeline const& pipeline, std::size_t units, ProgressStyle style, Console& console,
           Logging& logging, RunObserver* next, std::function<void()> on_failure);

  void unit_started(DataId const& id) override;
  void unit_finished(DataId const& id, bool ok) override;
  void quantum_finished(QuantumReport const& report) override;

  std::size_t failures() const;
  /// Removes the progress line.
  void finish();
  /// The table of tasks: ok, skipped, failed, blocked, wall and CPU seconds; then time and peak
  /// memory of the run.
  std::string summary(RunSummary const& run) const;

 private:
  struct Counts {
    std::size_t ok = 0, skipped = 0, up_to_date = 0, failed = 0, blocked = 0;
    double wall_s = 0.0, cpu_s = 0.0;
  };
  void show_line();

  Pipeline const& pipeline_;
  std::size_t units_;
  ProgressStyle style_;
  Console& console_;
  Logging& logging_;
  RunObserver* next_;
  std::function<void()> on_failure_;
  mutable std::mutex mutex_;
  std::vector<Counts> counts_;
  std::size_t started_ = 0, finished_ = 0, finished_bad_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point last_shown_{};
};

}  // namespace almagest

#pragma once

#include <mutex>
#include <stop_token>
#include <string>

#include "engine/executor.hpp"

namespace almagest {

/// Tells the observer what happens; what it throws is remembered and cancels the run.
class Reporter {
 public:
  Reporter(RunObserver& observer, std::stop_source stop)
      : observer_(observer), stop_(std::move(stop)) {}

  void unit_started(DataId const& id) noexcept {
    guarded([&] { observer_.unit_started(id); });
  }
  void unit_finished(DataId const& id, bool ok) noexcept {
    guarded([&] { observer_.unit_finished(id, ok); });
  }
  void quantum_finished(QuantumReport const& report) noexcept {
    guarded([&] { observer_.quantum_finished(report); });
  }
  /// What the observer threw first, or "".
  std::string error() const {
    std::lock_guard lock(mutex_);
    return error_;
  }

 private:
  template <class F>
  void guarded(F const& tell) noexcept {
    try {
      tell();
    } catch (std::exception const& e) {
      fail(e.what());
    } catch (...) {
      fail("unknown exception");
    }
  }
  void fail(char const* what) {
    std::lock_guard lock(mutex_);
    if (error_.empty()) error_ = what;
    stop_.request_stop();
  }

  RunObserver& observer_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::string error_;
};

}  // namespace almagest

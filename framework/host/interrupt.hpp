#pragma once

#include <atomic>
#include <stop_token>
#include <thread>

namespace almagest {

/// Turns the first SIGINT or SIGTERM into a stop request; the second one ends the process at once.
///
/// The signals are blocked in every thread started after the constructor and taken by one thread of
/// this object, so nothing of the run happens in a signal handler.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(Interrupt const&) = delete;
  Interrupt& operator=(Interrupt const&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  void request_stop() { stop_.request_stop(); }
  bool requested_by_signal() const noexcept { return signalled_.load(); }

 private:
  void wait();

  std::stop_source stop_;
  std::atomic<bool> signalled_{false};
  std::atomic<bool> finished_{false};
  std::thread waiter_;
};

}  // namespace almagest

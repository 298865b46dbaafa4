#pragma once

#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stop_token>
#include <thread>

namespace almagest {

/// Asks quanta to stop when their time is up. No thread is killed: a task that does not look at its
/// stop token goes on, and fails when it comes back.
class Watchdog {
 public:
  /// \param timeout_s  the same for every quantum, > 0
  explicit Watchdog(double timeout_s);

  /// One quantum under watch, from its construction on.
  class Watch {
   public:
    /// \param run  the whole run's token: its stop is passed on
    Watch(Watchdog& owner, std::stop_token const& run);
    ~Watch();
    Watch(Watch const&) = delete;
    Watch& operator=(Watch const&) = delete;
    std::stop_token token() const { return stop_.get_token(); }

   private:
    friend class Watchdog;
    struct Stop {
      std::stop_source source;
      void operator()() noexcept { source.request_stop(); }
    };
    Watchdog& owner_;
    std::stop_source stop_;
    std::stop_callback<Stop> pass_on_;
    std::chrono::steady_clock::time_point deadline_;
    std::list<Watch*>::iterator place_;
  };

 private:
  void watch(std::stop_token const& end);

  std::chrono::steady_clock::duration timeout_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::list<Watch*> watches_;  // the timeout is the same for all, so this is also by deadline
  std::jthread thread_;        // last: it uses the members above
};

}  // namespace almagest

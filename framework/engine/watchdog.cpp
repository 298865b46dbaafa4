#include "engine/watchdog.hpp"

namespace almagest {

Watchdog::Watchdog(double timeout_s)
    : timeout_(std::chrono::duration_cast<std::chrono::steady_clock::duration>(
          std::chrono::duration<double>(timeout_s))),
      thread_([this](std::stop_token const& end) { watch(end); }) {}

Watchdog::Watch::Watch(Watchdog& owner, std::stop_token const& run)
    : owner_(owner), pass_on_(run, Stop{stop_}) {
  std::lock_guard lock(owner_.mutex_);
  deadline_ = std::chrono::steady_clock::now() + owner_.timeout_;
  place_ = owner_.watches_.insert(owner_.watches_.end(), this);
  owner_.changed_.notify_one();
}

Watchdog::Watch::~Watch() {
  std::lock_guard lock(owner_.mutex_);
  if (place_ != owner_.watches_.end()) owner_.watches_.erase(place_);
}

void Watchdog::watch(std::stop_token const& end) {
  std::unique_lock lock(mutex_);
  while (!end.stop_requested()) {
    if (watches_.empty()) {
      changed_.wait(lock, end, [this] { return !watches_.empty(); });
      continue;
    }
    auto const deadline = watches_.front()->deadline_;
    if (std::chrono::steady_clock::now() < deadline) {
      changed_.wait_until(lock, end, deadline, [] { return false; });
      continue;
    }
    Watch* const late = watches_.front();
    watches_.pop_front();
    late->place_ = watches_.end();
    std::stop_source stop = late->stop_;  // the quantum may end as soon as the lock is gone
    lock.unlock();
    stop.request_stop();
    lock.lock();
  }
}

}  // namespace almagest

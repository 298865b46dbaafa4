#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace almagest {

/// CPU time of the calling thread [ns].
std::int64_t thread_cpu_ns() noexcept;

/// Counts the CPU time of the calling thread while it lives, once: inside another one on the same
/// thread it counts nothing.
class CpuMeter {
 public:
  explicit CpuMeter(std::atomic<std::int64_t>& total_ns) noexcept;
  ~CpuMeter();
  CpuMeter(CpuMeter const&) = delete;
  CpuMeter& operator=(CpuMeter const&) = delete;

 private:
  std::atomic<std::int64_t>* total_ns_;
  std::int64_t begin_ns_ = 0;
};

/// Runs body(begin, end) over 0..n in chunks of `grain`, on idle threads of the arena too.
///
/// While it waits, the calling thread takes up chunks of this loop and nothing else. When bodies
/// throw, every chunk before the first one that throws has run, and its exception leaves: the same
/// on any number of threads.
/// \param cpu_ns  gets the CPU time that other threads spend here
void isolated_loop(std::size_t n, std::size_t grain,
                   std::function<void(std::size_t begin, std::size_t end)> const& body,
                   std::atomic<std::int64_t>& cpu_ns);

}  // namespace almagest

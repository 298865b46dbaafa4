#include "engine/parallel.hpp"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <time.h>

#include <algorithm>
#include <exception>
#include <mutex>

namespace almagest {

namespace {

// Whether a meter is running on this thread: nested loops must not count twice.
thread_local bool metered = false;

/// The exception of the earliest chunk that threw.
class FirstFailure {
 public:
  explicit FirstFailure(std::size_t chunks) : chunk_(chunks) {}

  bool is_behind(std::size_t chunk) const noexcept {
    return chunk > chunk_.load(std::memory_order_relaxed);
  }
  void note(std::size_t chunk, std::exception_ptr exception) noexcept {
    std::lock_guard lock(mutex_);
    if (chunk >= chunk_.load(std::memory_order_relaxed)) return;
    chunk_.store(chunk, std::memory_order_relaxed);
    exception_ = std::move(exception);
  }
  void raise() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::mutex mutex_;
  std::atomic<std::size_t> chunk_;
  std::exception_ptr exception_;
};

}  // namespace

std::int64_t thread_cpu_ns() noexcept {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  return t.tv_sec * ns_per_s + t.tv_nsec;
}

CpuMeter::CpuMeter(std::atomic<std::int64_t>& total_ns) noexcept
    : total_ns_(metered ? nullptr : &total_ns) {
  if (!total_ns_) return;
  metered = true;
  begin_ns_ = thread_cpu_ns();
}

CpuMeter::~CpuMeter() {
  if (!total_ns_) return;
  metered = false;
  total_ns_->fetch_add(thread_cpu_ns() - begin_ns_, std::memory_order_relaxed);
}

void isolated_loop(std::size_t n, std::size_t grain,
                   std::function<void(std::size_t begin, std::size_t end)> const& body,
                   std::atomic<std::int64_t>& cpu_ns) {
  if (n == 0) return;
  std::size_t const step = std::max<std::size_t>(grain, 1);
  std::size_t const chunks = (n - 1) / step + 1;
  if (chunks == 1) return body(0, n);

  FirstFailure failure(chunks);
  auto const run_chunk = [&](std::size_t chunk) {
    if (failure.is_behind(chunk)) return;
    CpuMeter const meter(cpu_ns);
    std::size_t const begin = chunk * step;
    try {
      body(begin, begin + std::min(step, n - begin));
    } catch (...) {
      failure.note(chunk, std::current_exception());
    }
  };
  // A thread that waits here would otherwise take up other units, inside this one's loop.
  oneapi::tbb::this_task_arena::isolate(
      [&] { oneapi::tbb::parallel_for(std::size_t{0}, chunks, run_chunk); });
  failure.raise();
}

}  // namespace almagest

#include <doctest/doctest.h>

#include <chrono>
#include <numeric>
#include <set>
#include <thread>

#include "engine/toy.hpp"

using namespace toy;

namespace {

thread_local int inside_loops = 0;

/// Keeps a core busy for some microseconds.
void spin(std::chrono::microseconds time) {
  auto const end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

}  // namespace

TEST_CASE("parallel: no unit starts inside another unit's loop") {
  std::atomic<int> nested{0}, chunks{0};
  ToyPipeline toys;
  Body const loop = [&](Toy& toy) {
    if (inside_loops != 0) ++nested;
    toy.context().parallel_for(64, 4, [&](std::size_t, std::size_t) {
      ++inside_loops;
      ++chunks;
      spin(std::chrono::microseconds(20));
      --inside_loops;
    });
    return done;
  };
  toys.step("one", {{}, {}}, loop).step("two", {{}, {}}, loop);
  ToyRun run(toys);
  run.on(visits(400)).options.jobs = 8;
  run.options.max_in_flight = 8;
  CHECK(run.run().units_ok == 400);
  CHECK(chunks == 2 * 400 * 16);
  CHECK(nested == 0);
}

TEST_CASE("parallel: chunks depend on the data only") {
  std::set<std::pair<std::size_t, std::size_t>> expected;
  for (std::size_t begin = 0; begin < 103; begin += 10)
    expected.insert({begin, std::min<std::size_t>(begin + 10, 103)});
  for (int jobs : {1, 2, 8}) {
    std::set<std::pair<std::size_t, std::size_t>> seen;
    std::mutex mutex;
    ToyPipeline toys;
    toys.step("loop", {{}, {}}, [&](Toy& toy) {
      toy.context().parallel_for(103, 10, [&](std::size_t begin, std::size_t end) {
        std::lock_guard lock(mutex);
        seen.insert({begin, end});
      });
      toy.context().parallel_for(0, 10, [](std::size_t, std::size_t) { throw DataError("none"); });
      int calls = 0;
      toy.context().parallel_for(3, 0, [&](std::size_t, std::size_t) { ++calls; });
      CHECK(calls == 3);  // a grain of nothing counts as one
      return done;
    });
    ToyRun run(toys);
    run.on(visits(1)).options.jobs = jobs;
    CHECK(run.run().units_ok == 1);
    CHECK(seen == expected);
  }
}

TEST_CASE("parallel: the first chunk that throws fails the quantum, on any number of threads") {
  for (int jobs : {1, 8}) {
    ToyPipeline toys;
    toys.step("loop", {{}, {}}, [&](Toy& toy) {
      toy.context().parallel_for(1000, 1, [](std::size_t i, std::size_t) {
        if (i % 100 == 37) throw DataError("row " + std::to_string(i));
      });
      return done;
    });
    ToyRun run(toys);
    run.on(visits(100)).options.jobs = jobs;
    CHECK(run.run().units_failed == 100);
    for (DataId const& id : visits(100)) REQUIRE(run.of("loop", id) == "failed: row 37");
  }
}

double process_cpu_s() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

TEST_CASE("parallel: CPU time includes the bodies, nested ones once") {
  using namespace std::chrono_literals;
  ToyPipeline toys;
  toys.step("loop", {{}, {}}, [&](Toy& toy) {
    toy.context().parallel_for(4, 1, [&](std::size_t, std::size_t) {
      toy.context().parallel_for(2, 1, [](std::size_t, std::size_t) {
        // CPU time, not wall time: the machine may be busy with something else.
        timespec begin{}, now{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
        do clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        while ((now.tv_sec - begin.tv_sec) * 1'000'000'000L + now.tv_nsec - begin.tv_nsec <
               10'000'000L);
      });
    });
    return done;
  });
  for (int jobs : {1, 2, 8}) {
    ToyRun run(toys);
    run.on(visits(1)).options.jobs = jobs;
    double const before = process_cpu_s();
    run.run();
    double const spent = process_cpu_s() - before;
    double const cpu_s = run.recorder.reports.at({"loop", "visit=1"}).cpu_s;
    CHECK(cpu_s >= 0.080);
    // No more than the process has spent, waiting included: on one thread, where nobody waits, a
    // loop that counted twice would be far above it. The clocks are not read at the same instant.
    CHECK(cpu_s <= spent + 0.001);
  }
}

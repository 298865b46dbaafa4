#include <doctest/doctest.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <thread>

#include "engine/toy.hpp"

using namespace toy;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

/// A line of /proc/self/status [MB]: VmRSS now, VmHWM at most.
double memory_mb(std::string const& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == name + ":") {
      double kb = 0.0;
      status >> kb;
      return kb / 1024.0;
    }
  return 0.0;
}

/// Looks at the memory of the process now and then.
class MemoryWatch final : public RunObserver {
 public:
  void quantum_finished(QuantumReport const&) override {
    std::size_t const n = ++quanta;
    if (n == 20'000) early_mb = memory_mb("VmRSS");
    if (n == 100'000) late_mb = memory_mb("VmRSS");
  }
  std::atomic<std::size_t> quanta{0};
  double early_mb = 0.0, late_mb = 0.0;
};

}  // namespace

// Without the bound this needs 865 MB (architecture, section 5).
TEST_CASE("memory: 300 units of 4 MB behind a slow writer fit into 60 MB" *
          doctest::skip(sanitized)) {
  constexpr std::size_t frame = 4'000'000;
  ToyPipeline toys;
  toys.step("read", {{}, {"image"}},
            [](Toy& toy) {
              Number image;
              image.pixels = SharedBuffer(frame, false);
              std::memset(image.pixels.mutable_data(), 1, frame);
              toy.put("image", std::move(image));
              return done;
            })
      .step("calibrate", {{"image"}, {"image"}},
            [](Toy& toy) {
              Number image = toy.take("image");
              static_cast<char*>(image.pixels.mutable_data())[0] = 2;
              toy.put("image", std::move(image));
              return done;
            })
      .step("write", {{"image"}, {}}, [](Toy& toy) {
        toy.get("image");
        std::this_thread::sleep_for(std::chrono::milliseconds(3));
        return done;
      });
  for (int jobs : {1, 8}) {
    ToyRun run(toys);
    run.on(visits(300)).options.jobs = jobs;
    run.options.max_in_flight = 4;
    RunSummary const summary = run.run();
    CHECK(summary.units_ok == 300);
    CHECK(summary.peak_in_flight <= 4);
  }
  MESSAGE("peak memory [MB]: " << memory_mb("VmHWM"));
  CHECK(memory_mb("VmHWM") <= 60.0);
}

TEST_CASE("memory: 100 000 quanta leave nothing behind" * doctest::skip(sanitized)) {
  ToyPipeline toys;
  Body const forward = [](Toy& toy) {
    toy.put("image", toy.take("image"));
    return done;
  };
  toys.step("make", {{}, {"image"}}, [](Toy& toy) {
    toy.put("image", 1.0);
    return done;
  });
  for (int i = 1; i < 10; ++i)
    toys.step("step" + std::to_string(i), {{"image"}, {"image"}}, forward);
  ToyRun run(toys);
  run.on(visits(10'000)).options.jobs = 2;
  MemoryWatch watch;
  RunPlan const plan = run.plan();
  execute(toys.pipeline, plan, run.instrument, run.store, watch, run.options);
  CHECK(watch.quanta == 100'000);
  MESSAGE("memory after 20 000 and 100 000 quanta [MB]: " << watch.early_mb << ", "
                                                          << watch.late_mb);
  CHECK(watch.late_mb - watch.early_mb < 1.0);
}

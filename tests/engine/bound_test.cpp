#include <chrono>
#include <doctest/doctest.h>
#include <thread>

#include "engine/toy.hpp"

using namespace toy;

namespace {

/// Frames behind a slow writer.
ToyPipeline slow_writer(std::size_t bytes) {
  ToyPipeline toys;
  toys.step("make", {{}, {"image"}},
            [bytes](Toy& toy) {
              Number number(1.0);
              number.pixels = SharedBuffer(bytes, true);
              toy.put("image", std::move(number));
              return done;
            })
      .step("write", {{"image"}, {}}, [](Toy& toy) {
        CHECK(toy.get("image") == 1.0);
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        return done;
      });
  return toys;
}

}  // namespace

TEST_CASE("bound: no more units are in flight than allowed, on any number of threads") {
  ToyPipeline toys = slow_writer(1000);
  for (int jobs : {1, 2, 8}) {
    ToyRun run(toys);
    run.on(visits(300)).options.jobs = jobs;
    run.options.max_in_flight = 4;
    RunSummary const summary = run.run();
    CHECK(summary.units_ok == 300);
    CHECK(summary.peak_in_flight <= 4);
    CHECK(run.recorder.finished.size() == 300);
    CHECK_FALSE(run.recorder.repeated);
  }
}

TEST_CASE("bound: products in memory follow the units in flight") {
  ToyPipeline toys;
  std::atomic<int> most{0};
  Number::counts().alive = 0;
  toys.step("make", {{}, {"image"}},
            [](Toy& toy) {
              toy.put("image", 1.0);
              return done;
            })
      .step("look", {{"image"}, {"result"}}, [&](Toy& toy) {
        int const alive = Number::counts().alive;
        for (int seen = most; alive > seen;)
          if (most.compare_exchange_weak(seen, alive)) break;
        toy.put("result", toy.get("image"));
        return done;
      });
  ToyRun run(toys);
  run.on(visits(300)).options.jobs = 8;
  run.options.max_in_flight = 4;
  run.run();
  CHECK(most <= 2 * 4);  // an image and a result per unit in flight
  CHECK(Number::counts().alive == 0);
}

TEST_CASE("bound: units start in the order of the plan when they go one by one") {
  ToyPipeline toys;
  toys.step("nothing", {{}, {}}, [](Toy&) { return done; });
  ToyRun run(toys);
  run.on(visits(20)).options.max_in_flight = 1;
  run.run();
  REQUIRE(run.recorder.started.size() == 20);
  for (std::int64_t v = 1; v <= 20; ++v)
    CHECK(run.recorder.started[static_cast<std::size_t>(v - 1)] == visit_id(v).str());
}

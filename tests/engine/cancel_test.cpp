#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "engine/toy.hpp"

using namespace toy;

TEST_CASE("cancel: no unit starts afterwards, running steps end, the rest is blocked") {
  for (int jobs : {1, 8}) {
    std::stop_source interrupt;
    ToyPipeline toys;
    toys.step("first", {{}, {}},
              [&](Toy& toy) {
                if (toy.key("visit") == 10) interrupt.request_stop();
                return done;
              })
        .step("second", {{}, {}}, [](Toy&) { return done; })
        .step("summary", {{}, {}, {}, {"sources"}}, [](Toy&) { return done; }, {.per = {"visit"}});
    ToyRun run(toys);
    for (std::int64_t v = 1; v <= 1000; ++v) run.on({detector_id(v, 0)});
    run.options.jobs = jobs;
    run.options.stop = interrupt.get_token();
    RunSummary const summary = run.run();
    CHECK(summary.cancelled);
    CHECK(summary.units_ok + summary.units_failed + summary.units_not_started == 2000);
    CHECK(summary.units_not_started > 1900);
    CHECK(run.of("first", detector_id(10, 0)) == "ok");
    CHECK(run.recorder.count("first", QuantumState::failed) == 0);
    CHECK(run.recorder.finished.size() == summary.units_ok + summary.units_failed);
  }
}

TEST_CASE("cancel: a task sees the request, and the steps behind it say why they did not run") {
  using namespace std::chrono_literals;
  std::stop_source interrupt;
  ToyPipeline toys;
  toys.step("long", {{}, {"image"}},
            [&](Toy& toy) {
              interrupt.request_stop();
              std::stop_token const stop = toy.context().stop();
              auto const limit = std::chrono::steady_clock::now() + 10s;
              while (!stop.stop_requested() && std::chrono::steady_clock::now() < limit)
                std::this_thread::sleep_for(1ms);
              CHECK(stop.stop_requested());
              toy.put("image", 1.0);
              return done;
            })
      .output("image")
      .step("after", {{"image"}, {}}, [](Toy&) { return done; });
  ToyRun run(toys);
  run.on(visits(1)).options.stop = interrupt.get_token();
  RunSummary const summary = run.run();
  CHECK(run.of("long", visit_id(1)) == "ok");
  CHECK(run.store.count("image") == 1);
  CHECK(run.of("after", visit_id(1)) == "blocked: the run was cancelled");
  CHECK(summary.cancelled);
}

TEST_CASE("cancel: on_failure = stop ends the run at the first failure") {
  ToyPipeline toys;
  toys.step("work", {{}, {}}, [](Toy& toy) {
    if (toy.key("visit") == 3) throw DataError("no");
    return done;
  });
  toys.pipeline.run.stop_on_failure = true;
  ToyRun run(toys);
  run.on(visits(1000)).options.jobs = 2;
  RunSummary const summary = run.run();
  CHECK(summary.cancelled);
  CHECK(summary.units_failed == 1);
  CHECK(summary.units_not_started > 900);
}

TEST_CASE("cancel: a run that was cancelled before it began starts nothing") {
  std::stop_source interrupt;
  interrupt.request_stop();
  ToyPipeline toys;
  toys.step("work", {{}, {}}, [](Toy&) { return done; });
  ToyRun run(toys);
  run.on(visits(10)).options.stop = interrupt.get_token();
  RunSummary const summary = run.run();
  CHECK(summary.units_not_started == 10);
  CHECK(run.recorder.started.empty());
  CHECK(run.recorder.reports.empty());
}

TEST_CASE("cancel: a quantum that takes too long is asked to stop and fails") {
  using namespace std::chrono_literals;
  ToyPipeline toys;
  toys.step("slow", {{}, {"image"}},
            [](Toy& toy) {
              auto const limit = std::chrono::steady_clock::now() + 10s;
              bool const polite = toy.key("visit") == 1;
              while (toy.key("visit") != 3 && std::chrono::steady_clock::now() < limit) {
                std::this_thread::sleep_for(1ms);
                if (!toy.context().stop().stop_requested()) continue;
                if (polite) break;
                throw DataError("asked to stop");
              }
              toy.put("image", 1.0);
              return done;
            })
      .output("image");
  ToyRun run(toys);
  run.on(visits(3)).options.timeout_s = 0.05;
  run.options.jobs = 8;
  RunSummary const summary = run.run();
  CHECK(run.of("slow", visit_id(1)).find("more than the time limit of 0.05 s") !=
        std::string::npos);
  CHECK(run.of("slow", visit_id(2)).find("0.05 s: asked to stop") != std::string::npos);
  CHECK(run.of("slow", visit_id(3)) == "ok");
  CHECK(run.store.count("image") == 1);
  CHECK_FALSE(summary.cancelled);
}

#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "engine/toy.hpp"

using namespace toy;

namespace {

/// Counts how many are inside at once.
class Room {
 public:
  void visit(std::chrono::microseconds stay) {
    int const now = ++inside_;
    for (int seen = most; now > seen;)
      if (most.compare_exchange_weak(seen, now)) break;
    std::this_thread::sleep_for(stay);
    --inside_;
  }
  std::atomic<int> most{0};

 private:
  std::atomic<int> inside_{0};
};

}  // namespace

TEST_CASE("resources: a capacity is never exceeded, and several are taken all at once") {
  using namespace std::chrono_literals;
  for (int jobs : {1, 8}) {
    Room disk, python, both;
    ToyPipeline toys;
    auto const with = [](std::vector<std::string> resources) {
      return Ports{{}, {}, {}, {}, std::move(resources)};
    };
    toys.step("disk", with({"disk"}),
              [&](Toy&) {
                disk.visit(20us);
                return done;
              })
        .step("python", with({"python"}),
              [&](Toy&) {
                python.visit(20us);
                return done;
              })
        .step("both", with({"python", "disk"}),
              [&](Toy&) {
                disk.visit(20us);
                python.visit(20us);
                both.visit(20us);
                return done;
              })
        .step("other_order", with({"disk", "python"}), [&](Toy&) {
          both.visit(20us);
          return done;
        });
    toys.pipeline.run.resources = {{"python", 2}};
    ToyRun run(toys);
    run.on(visits(200)).options.jobs = jobs;
    run.options.max_in_flight = 8;
    RunSummary const summary = run.run();
    CHECK(summary.units_ok == 200);
    CHECK(run.recorder.reports.size() == 800);
    CHECK(disk.most == 1);
    CHECK(python.most <= 2);
    CHECK(both.most == 1);
  }
}

TEST_CASE("resources: they are free again after a failure") {
  ToyPipeline toys;
  toys.step("locked", {{}, {}, {}, {}, {"lock"}}, [](Toy&) -> Outcome { throw DataError("no"); });
  ToyRun run(toys);
  run.on(visits(50)).options.jobs = 8;
  CHECK(run.run().units_failed == 50);
}

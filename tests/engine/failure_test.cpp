#include <doctest/doctest.h>

#include <stdexcept>

#include "engine/toy.hpp"

using namespace toy;

namespace {

Outcome nothing(Toy&) {
  return done;
}

Body put(std::string port, double value) {
  return [port, value](Toy& toy) {
    toy.put(port, value);
    return done;
  };
}

/// Puts the sum of its inputs.
Body add(std::vector<std::string> inputs, std::string output) {
  return [inputs, output](Toy& toy) {
    double sum = 0.0;
    for (auto const& port : inputs) sum += toy.get(port);
    toy.put(output, sum);
    return done;
  };
}

}  // namespace

TEST_CASE("failure: one unit in 100 fails in the middle of a diamond") {
  //         ┌─► left (fails) ─┐
  //   make ─┤                 ├─► join ─► after
  //         └─► right ────────┘
  //   aside (independent)
  for (int jobs : {1, 8}) {
    ToyPipeline toys;
    toys.step("make", {{}, {"image"}}, put("image", 1.0))
        .step("left", {{"image"}, {"l"}},
              [](Toy& toy) {
                if (toy.key("visit") == 37) throw DataError("cosmic ray");
                toy.put("l", toy.get("image") + 1.0);
                return done;
              })
        .step("right", {{"image"}, {"r"}}, add({"image"}, "r"))
        .step("join", {{"l", "r"}, {"sum"}}, add({"l", "r"}, "sum"))
        .step("after", {{"sum"}, {"result"}}, add({"sum"}, "result"))
        .step("aside", {{}, {}}, nothing)
        .output("result");
    ToyRun run(toys);
    run.on(visits(100)).options.jobs = jobs;
    RunSummary const summary = run.run();
    CHECK(summary.units_ok == 99);
    CHECK(summary.units_failed == 1);
    CHECK_FALSE(summary.cancelled);
    CHECK(run.store.count("result") == 99);
    CHECK(run.store.find("result", visit_id(36)) == 3.0);

    DataId const bad = visit_id(37);
    CHECK(run.of("left", bad) == "failed: cosmic ray");
    CHECK(run.of("right", bad) == "ok");
    CHECK(run.of("join", bad) == "blocked: blocked by left");
    CHECK(run.of("after", bad) == "blocked: blocked by left");
    CHECK(run.of("aside", bad) == "ok");
    CHECK_FALSE(run.recorder.finished.at(bad.str()));
    CHECK(run.recorder.finished.at(visit_id(38).str()));
    CHECK(run.recorder.reports.size() == 600);
    CHECK_FALSE(run.recorder.repeated);
  }
}

TEST_CASE("failure: an optional input is blocked too, and empty after a skip") {
  for (bool fails : {true, false}) {
    ToyPipeline toys;
    std::optional<double> seen = 7.0;
    toys.step("psf", {{}, {"psf"}},
              [fails](Toy&) {
                if (fails) throw DataError("no stars");
                return skip("too few stars");
              })
        .step("with", {{}, {}, {"psf"}},
              [&](Toy& toy) {
                seen = toy.maybe("psf");
                return done;
              })
        .step("must", {{"psf"}, {"fluxes"}}, add({"psf"}, "fluxes"))
        .step("last", {{"fluxes"}, {}}, nothing);
    ToyRun run(toys);
    run.on(visits(1)).run();
    DataId const id = visit_id(1);
    if (fails) {
      CHECK(run.of("with", id) == "blocked: blocked by psf");
      CHECK(run.of("must", id) == "blocked: blocked by psf");
      CHECK(run.of("last", id) == "blocked: blocked by psf");
      CHECK(seen == 7.0);
    } else {
      CHECK(run.of("psf", id) == "skipped: too few stars");
      CHECK(run.of("with", id) == "ok");
      CHECK(run.of("must", id) == "skipped: psf was skipped: too few stars");
      CHECK(run.of("last", id) == "skipped: psf was skipped: too few stars");
      CHECK_FALSE(seen.has_value());
      CHECK(run.recorder.finished.at(id.str()));
    }
  }
}

TEST_CASE("failure: with on_failure = continue the readers see the version before") {
  ToyPipeline toys;
  toys.step("make", {{}, {"image"}}, put("image", 1.0))
      .step("repair", {{"image"}, {"image"}},
            [](Toy& toy) {
              Number image = toy.take("image");
              image.value = 99.0;  // must not be seen: the failure leaves the version before
              if (toy.key("visit") == 2) throw DataError("no repair");
              toy.put("image", std::move(image));
              return done;
            },
            {.keep_going = true})
      .step("measure", {{"image"}, {"flux"}}, add({"image"}, "flux"))
      .output("image")
      .output("flux");
  ToyRun run(toys);
  RunSummary const summary = run.on(visits(2)).run();
  CHECK(summary.units_ok == 1);
  CHECK(summary.units_failed == 1);
  CHECK(run.of("repair", visit_id(2)) == "failed: no repair");
  CHECK(run.of("measure", visit_id(2)) == "ok");
  CHECK(run.store.find("image", visit_id(1)) == 99.0);
  CHECK(run.store.find("flux", visit_id(1)) == 99.0);
  CHECK(run.store.find("image", visit_id(2)) == 1.0);
  CHECK(run.store.find("flux", visit_id(2)) == 1.0);
  // A card says so, in the stand-in and in what was made of it; and nowhere else.
  CHECK(run.store.failed_steps.size() == 2);
  CHECK(run.store.failed_steps.at({"image", "visit=2"}).find("repair") != std::string::npos);
  CHECK(run.store.failed_steps.at({"flux", "visit=2"}).find("repair") != std::string::npos);
}

TEST_CASE("failure: survived failures chain, down to what the repository has") {
  auto const fail = [](Toy& toy) -> Outcome {
    toy.get("image");
    throw DataError("no");
  };
  ToyPipeline toys;
  toys.step("one", {{"image"}, {"image"}}, fail, {.keep_going = true})
      .step("two", {{"image"}, {"image"}}, fail, {.keep_going = true})
      .step("three", {{"image"}, {"flux"}}, add({"image"}, "flux"))
      .output("flux");
  Number::counts().alive = 0;
  {
    ToyRun run(toys);
    run.store.give("image", visit_id(1), 5.0);
    run.on(visits(1)).run();
    CHECK(run.store.find("flux", visit_id(1)) == 5.0);
    CHECK(run.store.failed_steps.at({"flux", "visit=1"}) ==
          to_toml(ConfigValue::Array{"one", "two"}));
  }
  CHECK(Number::counts().alive == 0);
}

TEST_CASE(
    "failure: a step with on_failure = continue that is blocked is survived like one that fails") {
  ToyPipeline toys;
  toys.step("make", {{}, {"sources"}}, put("sources", 1.0))
      .step("match", {{"sources"}, {"sources", "matches"}},
            [](Toy&) -> Outcome { throw DataError("no reference"); }, {.keep_going = true})
      .step("zero_point", {{"matches", "sources"}, {"sources"}}, add({"sources"}, "sources"),
            {.keep_going = true})
      .step("after", {{"sources"}, {"result"}}, add({"sources"}, "result"))
      .output("sources")
      .output("matches")
      .output("result");
  ToyRun run(toys);
  RunSummary const summary = run.on(visits(1)).run();
  DataId const id = visit_id(1);
  CHECK(summary.units_failed == 1);
  CHECK(run.of("match", id) == "failed: no reference");
  CHECK(run.of("zero_point", id) == "blocked: blocked by match");
  CHECK(run.of("after", id) == "ok");
  CHECK(run.store.find("sources", id) == 1.0);
  CHECK(run.store.find("result", id) == 1.0);
  CHECK_FALSE(run.store.find("matches", id).has_value());
  CHECK(run.store.failed_steps.at({"sources", "visit=1"}) ==
        to_toml(ConfigValue::Array{"match", "zero_point"}));
}

TEST_CASE("failure: a survived failure without a version before blocks its readers") {
  ToyPipeline toys;
  toys.step("make", {{}, {"image"}}, [](Toy&) -> Outcome { throw DataError("no"); },
            {.keep_going = true})
      .step("read", {{"image"}, {}}, nothing);
  ToyRun run(toys);
  run.on(visits(1)).run();
  CHECK(run.of("read", visit_id(1)) == "blocked: blocked by make");
}

TEST_CASE("failure: whatever is thrown ends in the report") {
  struct Odd {};
  struct Silent : std::exception {
    char const* what() const noexcept override { return ""; }
  };
  ToyPipeline toys;
  toys.step("throws", {{}, {}}, [](Toy& toy) -> Outcome {
    switch (toy.key("visit")) {
      case 1:
        throw std::runtime_error("plain");
      case 2:
        throw 42;
      case 3:
        throw Odd();
      case 4:
        throw Silent();
      default:
        return done;
    }
  });
  ToyRun run(toys);
  run.on(visits(5)).run();
  CHECK(run.of("throws", visit_id(1)) == "failed: plain");
  CHECK(run.of("throws", visit_id(2)) == "failed: an exception that is no std::exception");
  CHECK(run.of("throws", visit_id(3)) == "failed: an exception that is no std::exception");
  CHECK(run.of("throws", visit_id(4)) == "failed: an exception without a message");
  CHECK(run.of("throws", visit_id(5)) == "ok");
}

TEST_CASE("failure: a task that breaks its contract fails, and says how") {
  ToyPipeline toys;
  ToyTask const stranger({{"x"}, {"y"}}, nothing);
  toys.step("forgets", {{}, {"a"}}, nothing)
      .step("twice", {{}, {"b"}},
            [](Toy& toy) {
              toy.put("b", 1.0);
              toy.put("b", 2.0);
              return done;
            })
      .step("foreign", {{}, {"c"}},
            [&](Toy& toy) {
              toy.put("c", 1.0);
              toy.context().put(*stranger.out.at("y"), Number(1.0));
              return done;
            })
      .step("make", {{}, {"d"}}, put("d", 1.0))
      .step("rereads", {{"d"}, {}}, [](Toy& toy) {
        toy.take("d");
        toy.get("d");
        return done;
      });
  ToyRun run(toys);
  run.on(visits(1)).run();
  DataId const id = visit_id(1);
  CHECK(run.of("forgets", id) == "failed: output 'a' was not put");
  CHECK(run.of("twice", id) == "failed: output 'b' was put twice");
  CHECK(run.of("foreign", id) == "failed: port 'y' belongs to another task");
  CHECK(run.of("rereads", id) == "failed: input 'd' was taken already: its product is gone");
}

TEST_CASE("failure: an output that cannot be stored fails its writer's quantum") {
  ToyPipeline toys;
  toys.step("make", {{}, {"image"}}, put("image", 1.0))
      .step("read", {{"image"}, {}}, nothing)
      .output("image");
  ToyRun run(toys);
  run.store.on_store = [](Output const&, DataId const& id) {
    if (id == visit_id(2)) throw DataError("disk full");
  };
  run.on(visits(3)).run();
  CHECK(run.of("make", visit_id(2)) == "failed: disk full");
  CHECK(run.of("read", visit_id(2)) == "blocked: blocked by make");
  CHECK(run.of("read", visit_id(3)) == "ok");
  CHECK(run.store.count("image") == 2);
}

TEST_CASE("failure: an output is stored right after its writer, before its readers") {
  ToyPipeline toys;
  MemoryStore* store = nullptr;
  toys.step("make", {{}, {"image"}}, put("image", 1.0))
      .output("image", "first")
      .step("change", {{"image"}, {"image"}},
            [&](Toy& toy) {
              CHECK(store->find("first", visit_id(1)) == 1.0);
              CHECK_FALSE(store->find("last", visit_id(1)));
              toy.put("image", 2.0);
              return done;
            })
      .output("image", "last");
  ToyRun run(toys);
  store = &run.store;
  run.on(visits(1)).run();
  CHECK(run.store.find("first", visit_id(1)) == 1.0);
  CHECK(run.store.find("last", visit_id(1)) == 2.0);
}

TEST_CASE("failure: an observer that throws cancels the run instead of ending the program") {
  struct Broken final : RunObserver {
    void quantum_finished(QuantumReport const&) override { throw DataError("registry is gone"); }
  } observer;
  ToyPipeline toys;
  toys.step("nothing", {{}, {}}, nothing);
  ToyRun run(toys);
  run.on(visits(100));
  RunSummary const summary =
      execute(toys.pipeline, run.plan(), run.instrument, run.store, observer, run.options);
  CHECK(summary.observer_error == "registry is gone");
  CHECK(summary.cancelled);
  CHECK(summary.units_not_started > 0);
}

#include <doctest/doctest.h>

#include "almagest/shared_buffer.hpp"
#include "engine/toy.hpp"

using namespace toy;

namespace {

Body put(std::string port, double value) {
  return [port, value](Toy& toy) {
    toy.put(port, value);
    return done;
  };
}

/// Takes a label, adds one, and puts it back.
Outcome increment(Toy& toy) {
  Number image = toy.take("image");
  image.value += 1.0;
  toy.put("image", std::move(image));
  return done;
}

}  // namespace

TEST_CASE("products: a linear pipeline moves its product and never copies it") {
  ToyPipeline toys;
  toys.step("make", {{}, {"image"}}, put("image", 0.0));
  for (int i = 0; i < 5; ++i)
    toys.step("step" + std::to_string(i), {{"image"}, {"image"}}, increment);
  double last = 0.0;
  toys.step("look", {{"image"}, {}}, [&](Toy& toy) {
    last = toy.get("image");
    return done;
  });
  for (int jobs : {1, 8}) {
    Number::counts().copies = 0;
    Number::counts().alive = 0;
    ToyRun run(toys);
    run.on(visits(1)).options.jobs = jobs;
    run.run();
    CHECK(last == 5.0);
    CHECK(Number::counts().copies == 0);
    CHECK(Number::counts().alive == 0);
  }
}

TEST_CASE("products: a product from the repository is read once and moved too") {
  ToyPipeline toys;
  toys.step("look", {{"image"}, {}},
            [](Toy& toy) {
              CHECK(toy.get("image") == 3.0);
              return done;
            })
      .step("again", {{"image"}, {}}, [](Toy& toy) {
        CHECK(toy.get("image") == 3.0);
        return done;
      });
  ToyRun run(toys);
  for (DataId const& id : visits(50)) run.store.give("image", id, 3.0);
  run.on(visits(50)).options.jobs = 8;
  RunSummary const summary = run.run();
  CHECK(summary.units_ok == 50);
  CHECK(run.store.loads == 50);
}

TEST_CASE("products: taking copies while somebody else may still read") {
  ToyPipeline toys;
  toys.step("make", {{}, {"image"}}, put("image", 0.0))
      .step("change", {{"image"}, {"image"}}, increment)
      .step("old", {{"old"}, {}}, [](Toy& toy) {
        CHECK(toy.get("old") == 0.0);
        return done;
      });
  // "old" reads what "make" wrote, at the same time as "change" takes it.
  toys.pipeline.steps[2].versions[0] = toys.pipeline.steps[0].versions[0];
  ToyRun run(toys);
  run.on(visits(500)).options.jobs = 8;
  CHECK(run.run().units_ok == 500);
}

TEST_CASE("products: one that two inputs of a task show is not moved away from the other") {
  ToyPipeline toys;
  toys.step("make", {{}, {"image"}}, put("image", 4.0))
      .step("both", {{"a", "b"}, {}},
            [](Toy& toy) {
              Number a = toy.take("a");
              a.value = 0.0;
              CHECK(toy.get("b") == 4.0);
              return done;
            },
            {.labels = {{"a", "image"}, {"b", "image"}}});
  ToyRun run(toys);
  CHECK(run.on(visits(1)).run().units_ok == 1);
}

TEST_CASE("products: a missing dataset fails the step that reads it, with its reason") {
  ToyPipeline toys;
  std::optional<double> optional = 1.0;
  toys.step("must", {{"flat"}, {}},
            [](Toy& toy) {
              toy.get("flat");
              return done;
            })
      .step("may", {{}, {}, {"flat"}},
            [&](Toy& toy) {
              optional = toy.maybe("flat");
              return done;
            })
      .step("aside", {{}, {}}, [](Toy&) { return done; });
  ToyRun run(toys);
  run.on(visits(1)).run();
  CHECK(run.of("must", visit_id(1)) == "failed: no 'flat' for visit=1");
  CHECK(run.of("may", visit_id(1)) == "ok");
  CHECK_FALSE(optional.has_value());
  CHECK(run.of("aside", visit_id(1)) == "ok");
}

TEST_CASE("products: an optional dataset that nobody stored is absent") {
  ToyPipeline toys;
  std::optional<double> seen = 1.0;
  toys.step("may", {{}, {}, {"flat"}}, [&](Toy& toy) {
    seen = toy.maybe("flat");
    return done;
  });
  ToyRun run(toys);
  run.on(visits(1)).run();
  CHECK(run.of("may", visit_id(1)) == "ok");
  CHECK_FALSE(seen.has_value());
}

TEST_CASE("products: what nobody reads is freed by its writer") {
  ToyPipeline toys;
  int alive = -1;
  Number::counts().alive = 0;
  toys.step("make", {{}, {"unread", "trigger"}},
            [](Toy& toy) {
              toy.put("unread", 1.0);
              toy.put("trigger", 1.0);
              return done;
            })
      .step("look", {{"trigger"}, {}}, [&](Toy&) {
        alive = Number::counts().alive;
        return done;
      });
  ToyRun run(toys);
  run.on(visits(1)).run();
  CHECK(alive == 1);
}

TEST_CASE("products: the pixels of one unit are reused for the next") {
  ToyPipeline toys;
  constexpr std::size_t frame = 4'000'000;
  toys.step("make", {{}, {"image"}}, [](Toy& toy) {
    SharedBuffer pixels(frame, false);
    static_cast<char*>(pixels.mutable_data())[frame - 1] = 1;
    toy.put("image", 1.0);
    return done;
  });
  ToyRun run(toys);
  run.on(visits(50)).run();
  CHECK(pooled_bytes() < 8 * frame);
  release_pooled_memory();
  CHECK(pooled_bytes() == 0);
}

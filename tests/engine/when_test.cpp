#include <doctest/doctest.h>

#include "engine/toy.hpp"

using namespace toy;

namespace {

Body put(std::string port, double value) {
  return [port, value](Toy& toy) {
    toy.put(port, value);
    return done;
  };
}

DataId in_band(std::int64_t visit, std::string band) {
  return {{"visit", visit}, {"filter", std::move(band)}};
}

}  // namespace

TEST_CASE("when: readers of an absent step see the version before it, and so do outputs") {
  ToyPipeline toys;
  toys.step("make", {{}, {"image"}}, put("image", 1.0))
      .step("fringe", {{"image"}, {"image"}},
            [](Toy& toy) {
              toy.put("image", toy.get("image") + 10.0);
              return done;
            },
            {.when = "filter == 'z'"})
      .step("thumbnail", {{}, {"thumbnail"}}, put("thumbnail", 5.0), {.when = "band in ('g', 'r')"})
      .step("measure", {{"image"}, {"flux"}, {"thumbnail"}},
            [](Toy& toy) {
              toy.put("flux", toy.get("image") + toy.maybe("thumbnail").value_or(0.0));
              return done;
            })
      .output("image")
      .output("flux")
      .output("thumbnail");
  ToyRun run(toys);
  DataId const z = in_band(1, "z"), g = in_band(2, "g");
  RunSummary const summary = run.on({z, g}).run();
  CHECK(summary.units_ok == 2);
  CHECK(run.store.find("image", z) == 11.0);
  CHECK(run.store.find("flux", z) == 11.0);
  CHECK_FALSE(run.store.find("thumbnail", z).has_value());
  CHECK(run.store.find("image", g) == 1.0);
  CHECK(run.store.find("flux", g) == 6.0);
  CHECK(run.store.find("thumbnail", g) == 5.0);
  CHECK(run.of("fringe", g).empty());  // absent: no quantum at all
  CHECK(run.of("thumbnail", z).empty());
}

TEST_CASE("when: the last reader still moves when the step between is absent") {
  ToyPipeline toys;
  toys.step("make", {{}, {"image"}}, put("image", 1.0))
      .step("fringe", {{"image"}, {"image"}}, put("image", 2.0), {.when = "visit == 0"})
      .step("use", {{"image"}, {}}, [](Toy& toy) {
        CHECK(toy.take("image").value == 1.0);
        return done;
      });
  Number::counts().copies = 0;
  ToyRun run(toys);
  CHECK(run.on(visits(3)).run().units_ok == 3);
  CHECK(Number::counts().copies == 0);
}

TEST_CASE("when: a label that then nobody writes is an error before the run") {
  ToyPipeline toys;
  toys.step("make", {{}, {"image"}}, put("image", 1.0), {.when = "visit < 3"})
      .step("use", {{"image"}, {}}, [](Toy&) { return done; });
  ToyRun run(toys);
  run.on(visits(4));
  CHECK_THROWS_WITH_AS(run.plan(),
                       doctest::Contains("step 'use' reads 'image', which nobody writes for "
                                         "visit=3: the `when` of 'make' is false there"),
                       ConfigError);
}

TEST_CASE("when: a name that a data ID does not have is an error before the run") {
  ToyPipeline toys;
  toys.step("use", {{}, {}}, [](Toy&) { return done; }, {.when = "airmass > 2"});
  ToyRun run(toys);
  run.on(visits(1));
  CHECK_THROWS_WITH_AS(run.plan(), doctest::Contains("step 'use': `when` for visit=1: "),
                       ConfigError);
}

TEST_CASE("when: a gathering step sees absent members as skipped") {
  ToyPipeline toys;
  std::string states;
  toys.step("detect", {{}, {"sources"}}, put("sources", 1.0), {.when = "detector != 1"})
      .output("sources")
      .step("summary", {{}, {}, {}, {"sources"}},
            [&](Toy& toy) {
              for (auto const& member : toy.gather("sources"))
                states += std::string(to_string(member.state())) + member.reason() + ";";
              return done;
            },
            {.per = {"visit"}, .when = "visit == 1"});
  ToyRun run(toys);
  run.on({detector_id(1, 0), detector_id(1, 1), detector_id(2, 0)}).run();
  CHECK(states == "ok;skippedthe `when` of 'detect' is false;");
  CHECK(run.of("summary", visit_id(2)).empty());
}

#include <doctest/doctest.h>

#include <algorithm>

#include "engine/toy.hpp"

using namespace toy;

namespace {

std::vector<DataId> mosaic(std::int64_t visit_count, std::int64_t detectors) {
  std::vector<DataId> ids;
  for (std::int64_t v = 1; v <= visit_count; ++v)
    for (std::int64_t d = 0; d < detectors; ++d) ids.push_back(detector_id(v, d));
  return ids;
}

/// Sums what the members that are there have.
Outcome sum_members(Toy& toy) {
  double sum = 0.0;
  for (auto const& member : toy.gather("sources"))
    if (member.ok()) sum += member.get().value;
  toy.put("summary", sum);
  return done;
}

/// Detectors of which two fail, then a summary per visit.
ToyPipeline visit_summary(Body summary = sum_members) {
  ToyPipeline toys;
  toys.step("detect", {{}, {"sources"}},
            [](Toy& toy) {
              if (toy.key("visit") == 2 && toy.key("detector") == 7) throw DataError("saturated");
              if (toy.key("visit") == 4 && toy.key("detector") == 0) throw DataError("dead");
              toy.put("sources", 1.0);
              return done;
            })
      .output("sources", "src")
      .step("summary", {{}, {"summary"}, {}, {"sources"}}, std::move(summary), {.per = {"visit"}})
      .output("summary");
  return toys;
}

}  // namespace

TEST_CASE("gather: 5 visits of 40 detectors, two failing, never stall in 100 repeats") {
  ToyPipeline toys = visit_summary();
  for (int repeat = 0; repeat < 100; ++repeat) {
    ToyRun run(toys);
    run.on(mosaic(5, 40)).options.jobs = repeat % 2 == 0 ? 8 : 1;
    run.options.max_in_flight = 2;
    RunSummary const summary = run.run();
    REQUIRE(summary.units_ok == 5 * 40 - 2 + 5);
    REQUIRE(summary.units_failed == 2);
    REQUIRE(summary.peak_in_flight <= 2);
    for (std::int64_t v : {1, 3, 5}) REQUIRE(run.store.find("summary", visit_id(v)) == 40.0);
    for (std::int64_t v : {2, 4}) REQUIRE(run.store.find("summary", visit_id(v)) == 39.0);
    REQUIRE_FALSE(run.recorder.repeated);
  }
}

TEST_CASE("gather: members come in data-ID order, with their state and the reason") {
  std::vector<std::string> seen;
  ToyPipeline toys = visit_summary([&](Toy& toy) {
    if (toy.key("visit") == 2)
      for (auto const& member : toy.gather("sources"))
        seen.push_back(member.id().str() + " " + to_string(member.state()) + member.reason());
    if (toy.key("visit") == 4) toy.gather("sources").front().get();
    toy.put("summary", 0.0);
    return done;
  });
  std::vector<DataId> ids = mosaic(5, 10);
  std::ranges::reverse(ids);
  ToyRun run(toys);
  run.on(ids).options.jobs = 4;
  run.run();
  REQUIRE(seen.size() == 10);
  CHECK(seen[0] == "visit=2 detector=0 ok");
  CHECK(seen[7] == "visit=2 detector=7 failedsaturated");
  CHECK(seen[9] == "visit=2 detector=9 ok");
  CHECK(run.of("summary", visit_id(4)) ==
        "failed: no 'sources' of visit=4 detector=0: failed (dead)");
}

TEST_CASE("gather: what a group stores knows the members that were read") {
  ToyPipeline toys = visit_summary();
  ToyRun run(toys);
  run.on(mosaic(2, 8)).run();
  CHECK(run.store.members_read.size() == 15);  // one detector of visit 2 has nothing
  CHECK(run.store.members_read.contains({"visit=1", "src visit=1 detector=3"}));
}

TEST_CASE("gather: groups of groups, and a step that reads its own group's product") {
  ToyPipeline toys;
  toys.step("detect", {{}, {"sources"}},
            [](Toy& toy) {
              toy.put("sources", 1.0);
              return done;
            })
      .output("sources")
      .step("visit_sum", {{}, {"summary"}, {}, {"sources"}}, sum_members, {.per = {"visit"}})
      .step("double", {{"summary"}, {"summary"}},
            [](Toy& toy) {
              toy.put("summary", 2.0 * toy.get("summary"));
              return done;
            },
            {.per = {"visit"}})
      .output("summary")
      .step("night_sum", {{}, {"summary"}, {}, {"sources"}}, sum_members,
            {.labels = {{"sources", "summary"}, {"summary", "night"}}, .per = {"night"}})
      .output("night");
  for (int jobs : {1, 8}) {
    ToyRun run(toys);
    run.options.jobs = jobs;
    for (DataId const& id : mosaic(5, 10))
      run.candidates.push_back({id, {{"night", Value(id.integer("visit") / 3)}}});
    RunSummary const summary = run.run();
    CHECK(summary.units_ok == 50 + 5 + 2);
    CHECK(run.store.find("summary", visit_id(3)) == 20.0);
    CHECK(run.store.find("night", {{"night", std::int64_t{0}}}) == 40.0);
    CHECK(run.store.find("night", {{"night", std::int64_t{1}}}) == 60.0);
  }
}

TEST_CASE("gather: a step may gather detectors and visits at once") {
  ToyPipeline toys;
  std::size_t detectors = 0, visit_count = 0;
  toys.step("detect", {{}, {"sources"}},
            [](Toy& toy) {
              toy.put("sources", 1.0);
              return done;
            })
      .output("sources")
      .step("visit_sum", {{}, {"summary"}, {}, {"sources"}}, sum_members, {.per = {"visit"}})
      .output("summary")
      .step("report", {{}, {}, {}, {"sources", "summary"}},
            [&](Toy& toy) {
              detectors = toy.gather("sources").size();
              visit_count = toy.gather("summary").size();
              return done;
            },
            {.per = {"instrument"}});
  ToyRun run(toys);
  for (DataId const& id : mosaic(3, 4))
    run.candidates.push_back({id, {{"instrument", Value(std::string("toy"))}}});
  run.run();
  CHECK(detectors == 12);
  CHECK(visit_count == 3);
}

TEST_CASE("gather: what is not kept is removed when its last group is done") {
  ToyPipeline toys;
  toys.step("detect", {{}, {"sources"}},
            [](Toy& toy) {
              toy.put("sources", 1.0);
              return done;
            })
      .output("sources", "src", false)
      .step("summary", {{}, {"summary"}, {}, {"sources"}},
            [](Toy& toy) {
              if (toy.key("visit") == 2) throw DataError("no");
              return sum_members(toy);
            },
            {.per = {"visit"}})
      .output("summary");
  ToyRun run(toys);
  run.on(mosaic(3, 5)).run();
  CHECK(run.store.find("summary", visit_id(1)) == 5.0);
  CHECK(run.store.removed.size() == 10);
  // A failed group's members stay, so that a repeat need not make them again.
  CHECK(run.store.count("src") == 5);
}

TEST_CASE("gather: stored datasets are gathered without any step before") {
  ToyPipeline toys;
  std::vector<QuantumState> states;
  toys.step("summary", {{}, {"summary"}, {}, {"sources"}},
            [&](Toy& toy) {
              for (auto const& member : toy.gather("sources")) states.push_back(member.state());
              return sum_members(toy);
            },
            {.per = {"visit"}})
      .output("summary");
  ToyRun run(toys);
  run.store.give("sources", detector_id(1, 0), 2.0);
  run.store.give("sources", detector_id(1, 2), 3.0);
  RunSummary const summary = run.on(mosaic(1, 3)).run();
  CHECK(summary.units_ok == 1);
  CHECK(states == std::vector{QuantumState::ok, QuantumState::skipped, QuantumState::ok});
  CHECK(run.store.find("summary", visit_id(1)) == 5.0);
}

TEST_CASE("gather: wrong levels are errors before the run, all at once") {
  auto const nothing = [](Toy&) { return done; };
  ToyPipeline toys;
  toys.step("detect", {{}, {"sources"}}, nothing)
      .step("summary", {{}, {"summary"}, {}, {"sources"}}, nothing, {.per = {"visit"}})
      .step("direct", {{"sources"}, {}}, nothing, {.per = {"visit"}})
      .step("finer", {{"summary"}, {}}, nothing)
      .step("no_per", {{}, {}, {}, {"sources"}}, nothing);
  ToyRun run(toys);
  run.on(mosaic(1, 1));
  std::string text;
  try {
    run.plan();
  } catch (ConfigError const& e) {
    text = e.what();
  }
  CHECK(text.find("'sources' is gathered by step 'summary', so it must stand in [outputs]") !=
        std::string::npos);
  CHECK(text.find("step 'direct' (per visit) cannot read 'sources' of 'detect'") !=
        std::string::npos);
  CHECK(
      text.find("step 'finer' (once per data ID) cannot read 'summary' of 'summary' (per visit)") !=
      std::string::npos);
  CHECK(text.find("split the pipeline") != std::string::npos);
  CHECK(text.find("step 'no_per' gathers 'sources' but has no `per`") != std::string::npos);
}

TEST_CASE("gather: groups that do not nest, and a value that nobody has, are errors") {
  ToyPipeline toys = visit_summary();
  toys.step("by_detector", {{}, {}, {}, {"summary"}}, [](Toy&) { return done; },
            {.per = {"detector"}});
  ToyRun run(toys);
  run.on(mosaic(1, 2));
  CHECK_THROWS_WITH_AS(run.plan(),
                       doctest::Contains("visit=1 belongs to detector=0 and to "
                                         "detector=1; split the pipeline"),
                       ConfigError);
  ToyRun without(toys);
  without.on(visits(2));
  CHECK_THROWS_WITH_AS(without.plan(),
                       doctest::Contains("runs per 'detector', but visit=1 has no such value"),
                       ConfigError);
}

TEST_CASE("gather: groups sort in the instrument's order, named as `per` says") {
  ToyPipeline toys;
  toys.step("summary", {{}, {}, {}, {"sources"}}, [](Toy&) { return done; },
            {.per = {"band", "visit"}});
  ToyRun run(toys);
  for (char const* filter : {"z", "g", "u"})
    for (std::int64_t v : {2, 1})
      run.candidates.push_back({DataId{{"visit", v}, {"filter", Value(std::string(filter))}}, {}});
  RunPlan const plan = run.plan();
  std::vector<std::string> ids;
  for (GroupPlan const& group : plan.groups) ids.push_back(group.unit.id.str());
  CHECK(ids == std::vector<std::string>{"band=u visit=1", "band=g visit=1", "band=z visit=1",
                                        "band=u visit=2", "band=g visit=2", "band=z visit=2"});
}

TEST_CASE("gather: a role groups by its key, also where a column has the role's name") {
  ToyPipeline toys;
  toys.step("summary", {{}, {}, {}, {"sources"}}, [](Toy&) { return done; }, {.per = {"band"}});
  ToyRun run(toys);
  for (char const* filter : {"u", "g"}) {
    Value const name = std::string(filter);
    run.candidates.push_back({DataId{{"visit", std::int64_t{1}}, {"filter", name}},
                              {{"band", Value(std::string("white"))}}});
  }
  RunPlan const plan = run.plan();
  REQUIRE(plan.groups.size() == 2);
  CHECK(plan.groups[0].unit.id.str() == "band=u");
}

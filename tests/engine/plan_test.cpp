#include <doctest/doctest.h>

#include "engine/toy.hpp"

using namespace toy;

namespace {

Body put(std::string port) {
  return [port](Toy& toy) {
    toy.put(port, 1.0);
    return done;
  };
}

/// What is stale, as "dataset data-ID".
struct StaleList {
  std::set<std::string> entries;
  bool operator()(Output const& output, DataId const& id, std::vector<DataId> const&) const {
    return entries.contains(output.dataset + " " + id.str());
  }
};

/// image ─► background ─► measure, with a side branch, a step that feeds nothing, and a summary per
/// visit:
///
///     make ─ image ─► subtract ─ image ─► measure ─ sources ─► summary (per visit)
///                 └─► thumbnail          └─► print
ToyPipeline branches(bool keep_sources = true) {
  ToyPipeline toys;
  toys.step("make", {{}, {"image"}}, put("image"))
      .output("image", "raw_image")
      .step("thumbnail", {{"image"}, {"thumbnail"}}, put("thumbnail"))
      .output("thumbnail")
      .step("subtract", {{"image"}, {"image"}}, put("image"))
      .output("image", "calexp")
      .step("measure", {{"image"}, {"sources"}}, put("sources"))
      .output("sources", "src", keep_sources)
      .step("print", {{"image"}, {}}, [](Toy&) { return done; })
      .step("summary", {{}, {"summary"}, {}, {"sources"}}, put("summary"), {.per = {"visit"}})
      .output("summary");
  return toys;
}

/// The steps that run, in order, for one unit or group.
std::string running(Pipeline const& pipeline, UnitPlan const& plan) {
  std::string names;
  for (std::size_t s = 0; s < plan.steps.size(); ++s)
    if (plan.steps[s] == StepPlan::run) names += pipeline.steps[s].name + " ";
  return names;
}

}  // namespace

TEST_CASE("plan: only steps that feed a stale output run, and only that output is stored") {
  ToyPipeline toys = branches();
  ToyRun run(toys);
  run.on({detector_id(1, 0), detector_id(1, 1), detector_id(2, 0)});
  DataId const a = detector_id(1, 0);
  auto const plan_with = [&](std::set<std::string> stale) {
    run.stale = StaleList{std::move(stale)};
    return run.plan();
  };

  RunPlan plan = plan_with({});
  CHECK(count_to_run(plan) == 0);

  plan = plan_with({"thumbnail " + a.str()});
  CHECK(count_to_run(plan) == 1);
  // "print" feeds no output, so it comes along with the others of its unit.
  CHECK(running(toys.pipeline, plan.units[0]) == "make thumbnail subtract print ");
  CHECK(plan.units[0].store == std::vector<bool>{false, true, false, false, false});
  CHECK_FALSE(has_work(plan.groups[0].unit));

  plan = plan_with({"raw_image " + a.str()});
  CHECK(running(toys.pipeline, plan.units[0]) == "make subtract print ");

  // A member that is made again makes its group stale, and no other group.
  plan = plan_with({"src " + a.str()});
  CHECK(running(toys.pipeline, plan.units[0]) == "make subtract measure print ");
  CHECK(running(toys.pipeline, plan.groups[0].unit) == "summary ");
  CHECK_FALSE(has_work(plan.groups[1].unit));
  CHECK(count_to_run(plan) == 2);

  // A group alone finds its members in the repository.
  plan = plan_with({"summary visit=2"});
  CHECK(count_to_run(plan) == 1);
  CHECK(running(toys.pipeline, plan.groups[1].unit) == "summary ");
}

TEST_CASE("plan: what is not kept is made again when, and only when, its group runs") {
  ToyPipeline toys = branches(false);
  ToyRun run(toys);
  run.on({detector_id(1, 0), detector_id(2, 0)});
  run.stale = StaleList{{"src " + detector_id(1, 0).str(), "src " + detector_id(2, 0).str()}};
  CHECK(count_to_run(run.plan()) == 0);

  run.stale = StaleList{
      {"src " + detector_id(1, 0).str(), "src " + detector_id(2, 0).str(), "summary visit=2"}};
  RunPlan const plan = run.plan();
  CHECK_FALSE(has_work(plan.units[0]));
  CHECK(running(toys.pipeline, plan.units[1]) == "make subtract measure print ");
  CHECK(running(toys.pipeline, plan.groups[1].unit) == "summary ");
}

TEST_CASE("plan: the units of a group are given when its outputs are judged") {
  ToyPipeline toys = branches();
  ToyRun run(toys);
  run.on({detector_id(1, 1), detector_id(1, 0)});
  std::vector<DataId> given;
  run.stale = [&](Output const& output, DataId const&, std::vector<DataId> const& members) {
    if (output.dataset == "summary") given = members;
    return false;
  };
  run.plan();
  CHECK(given == std::vector<DataId>{detector_id(1, 0), detector_id(1, 1)});
}

TEST_CASE("plan: everything runs when the pipeline stores nothing") {
  ToyPipeline toys;
  toys.step("look", {{}, {}}, [](Toy&) { return done; });
  ToyRun run(toys);
  run.stale = StaleList{};
  CHECK(count_to_run(run.on(visits(3)).plan()) == 3);
}

TEST_CASE("plan: a step that the version of a failing step stands for runs along") {
  // "repair" does not read what it replaces, but a failure of it exposes it.
  ToyPipeline toys;
  toys.step("guess", {{}, {"psf"}}, put("psf"))
      .step("fit", {{}, {"psf"}}, [](Toy&) -> Outcome { throw DataError("no"); },
            {.keep_going = true})
      .output("psf");
  ToyRun run(toys);
  RunPlan const plan = run.on(visits(1)).plan();
  CHECK(running(toys.pipeline, plan.units[0]) == "guess fit ");
  run.run();
  CHECK(run.store.find("psf", visit_id(1)) == 1.0);
}

TEST_CASE("plan: what is up to date is reported so, and its group reads it from the store") {
  ToyPipeline toys = branches();
  ToyRun run(toys);
  run.on({detector_id(1, 0), detector_id(1, 1)});
  for (DataId const& id : {detector_id(1, 0), detector_id(1, 1)})
    for (char const* dataset : {"raw_image", "thumbnail", "calexp", "src"})
      run.store.give(dataset, id, 7.0);
  run.stale = StaleList{{"thumbnail " + detector_id(1, 1).str(), "summary visit=1"}};
  RunSummary const summary = run.run();
  CHECK(summary.units_up_to_date == 1);
  CHECK(summary.units_ok == 2);
  CHECK(run.of("measure", detector_id(1, 0)) == "up_to_date");
  CHECK(run.of("measure", detector_id(1, 1)) == "up_to_date");
  CHECK(run.of("thumbnail", detector_id(1, 0)) == "up_to_date");
  CHECK(run.of("thumbnail", detector_id(1, 1)) == "ok");
  CHECK(run.of("summary", visit_id(1)) == "ok");
  CHECK(run.recorder.started.size() == 2);
  CHECK(run.store.find("calexp", detector_id(1, 1)) == 7.0);  // not stored again
  CHECK(run.store.find("thumbnail", detector_id(1, 1)) == 1.0);
}

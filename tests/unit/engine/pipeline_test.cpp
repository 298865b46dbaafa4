#include "engine/pipeline.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "engine/toml_reader.hpp"
#include "toy_pipeline.hpp"

using namespace almagest;

namespace {

// Two groups, a copied task, a second pass over the same label, and a task per visit.
std::string const full = R"(schema  = 1
title   = "Toy"
select  = "observation_type == 'science'"
steps   = ["assemble", "first", "second", "summary"]

[group]
first  = ["level", "detect_bright", "measure_bright"]
second = ["level_again", "detect", "measure"]

[task]
assemble = "toy/assemble"
detect   = "toy/detect"
summary  = { use = "toy/summary", per = "visit" }

[task.level]
use    = "toy/level"
params = { value = 3, method = "median" }

[task.level_again]
like = "level"
params.value = 4.5

[task.detect_bright]
like             = "detect"
params.threshold = 50.0
out.spots        = "bright"

[task.measure]
use = "toy/measure"
params.algorithms.use = ["centroid", "aperture"]
params.algorithms.aperture = { radii = [3.0, 6.0] }

[task.measure_bright]
like        = "measure"
in.spots    = "bright"
out.sources = "bright_sources"

[outputs]
icExp  = "frame@first"
icSrc  = "bright_sources"
calexp = { label = "frame", compression = "gzip" }
src    = "sources"
summary = "summary"

[run]
max_in_flight = 2
)";

int step_index(Pipeline const& pipeline, std::string const& name) {
  auto const step = std::ranges::find(pipeline.steps, name, &Step::name);
  REQUIRE(step != pipeline.steps.end());
  return static_cast<int>(step - pipeline.steps.begin());
}

/// The version at a port of a step.
int version_index(Pipeline const& pipeline, std::string const& step, std::string const& port,
                  bool input) {
  Step const& s = pipeline.steps[static_cast<std::size_t>(step_index(pipeline, step))];
  for (Port const* p : s.task->ports())
    if (p->name() == port && p->is_input() == input) return s.versions[p->index()];
  FAIL("no such port");
  return -1;
}
Version const& version(Pipeline const& pipeline, std::string const& step, std::string const& port,
                       bool input) {
  return pipeline.versions.at(static_cast<std::size_t>(version_index(pipeline, step, port, input)));
}
std::string writer(Pipeline const& pipeline, std::string const& step, std::string const& port) {
  Version const& v = version(pipeline, step, port, true);
  return v.writer < 0 ? '[' + v.dataset + ']'
                      : pipeline.steps[static_cast<std::size_t>(v.writer)].name;
}
Output const& output(Pipeline const& pipeline, std::string const& dataset) {
  auto const o = std::ranges::find(pipeline.outputs, dataset, &Output::dataset);
  REQUIRE(o != pipeline.outputs.end());
  return *o;
}
std::string stored_writer(Pipeline const& pipeline, std::string const& dataset) {
  Version const& v = pipeline.versions[static_cast<std::size_t>(output(pipeline, dataset).version)];
  return pipeline.steps[static_cast<std::size_t>(v.writer)].name;
}
std::string value(Pipeline const& pipeline, std::string const& key) {
  auto const flat = flat_configuration(pipeline);
  auto const found = flat.find(key);
  return found == flat.end() ? "(none)" : found->second;
}

/// The smallest pipeline: one step that reads a dataset, with more text behind it.
std::string with_level(std::string const& more) {
  return "schema = 1\nsteps = ['level']\n[task.level]\nuse = 'toy/level'\nin.frame = 'flat'\n" +
         more;
}

}  // namespace

TEST_CASE("pipeline: a step reads each product as last written above it") {
  toy::World const world;
  Pipeline const p = toy::load(world, full);
  REQUIRE(p.steps.size() == 8);
  CHECK(writer(p, "assemble", "raw") == "[raw]");
  CHECK(writer(p, "level", "frame") == "assemble");
  CHECK(writer(p, "measure_bright", "frame") == "level");
  CHECK(writer(p, "measure_bright", "spots") == "detect_bright");
  CHECK(writer(p, "detect", "frame") == "level_again");
  CHECK(writer(p, "summary", "sources") == "measure");
  CHECK(version_index(p, "measure", "background", true) == -1);
  CHECK(p.steps[1].group == "first");
  CHECK(p.steps[7].per == std::vector<std::string>{"visit"});
  CHECK(p.title == "Toy");
  CHECK(p.input_dataset == "raw");
  CHECK(p.run.max_in_flight == 2);
  Version const& again = version(p, "level_again", "frame", false);
  CHECK(again.previous == version_index(p, "level", "frame", false));
  CHECK(again.readers == std::vector<int>{step_index(p, "detect"), step_index(p, "measure")});
  CHECK(p.predecessors(step_index(p, "measure")) ==
        std::vector<int>{step_index(p, "level_again"), step_index(p, "detect")});
}

TEST_CASE("pipeline: label@group is the label as it stands after the group") {
  toy::World const world;
  Pipeline const p = toy::load(world, full);
  CHECK(stored_writer(p, "icExp") == "level");
  CHECK(stored_writer(p, "calexp") == "level_again");
  CHECK(*output(p, "calexp").options.find("compression") == ConfigValue("gzip"));
  Pipeline const q = toy::load(world, full, {"task.measure.in.frame=frame@level"});
  CHECK(writer(q, "measure", "frame") == "level");
}

TEST_CASE("pipeline: like copies use, parameters and labels") {
  toy::World const world;
  Pipeline const p = toy::load(world, full);
  CHECK(value(p, "task.level_again.params.value") == "4.5");
  CHECK(value(p, "task.level_again.params.method") == "'median'");
  CHECK(value(p, "task.measure_bright.params.algorithms.aperture.radii") == "[3.0, 6.0]");
  // As measure_stars in the architecture: again on the bright ones, with the labels of the first.
  Pipeline const q = toy::load(world, full,
                               {"task.stars.like=measure_bright",
                                "group.second=['level_again','stars','detect','measure']"});
  CHECK(writer(q, "stars", "spots") == "detect_bright");
  CHECK(writer(q, "stars", "frame") == "level_again");
  CHECK(stored_writer(q, "icSrc") == "stars");
}

TEST_CASE("pipeline: overrides reach nested parameters, whole tables and the run's settings") {
  toy::World const world;
  Pipeline const p =
      toy::load(world, full,
                {"level.method=mean", "level.robust=True",
                 "measure.algorithms.aperture.radii=[1, 2.5]", "run.max_in_flight=7",
                 "outputs.calexp.compression=\"none\"", "select=band == 'r'", "level.by_band.g=2"});
  CHECK(value(p, "task.level.params.method") == "'mean'");
  CHECK(value(p, "task.level.params.robust") == "true");
  CHECK(value(p, "task.level_again.params.robust") == "true");  // like follows
  CHECK(value(p, "task.measure.params.algorithms.aperture.radii") == "[1.0, 2.5]");
  CHECK(value(p, "outputs.calexp.compression") == "'none'");
  CHECK(value(p, "task.level.params.by_band.g") == "2.0");
  CHECK(p.run.max_in_flight == 7);
  CHECK(p.select->text() == "band == 'r'");
}

TEST_CASE("pipeline: -C and -c apply in the order in which they stand") {
  toy::World const world;
  toy::Files const files;
  PipelineRequest request;
  request.name = files.write("p.toml", full).string();
  std::string const more =
      files.write("more.toml", "[task.level]\nparams.value = 20\n[outputs]\nicExp = false\n")
          .string();
  auto const value_with = [&](std::vector<PipelineOverride> overrides) {
    request.overrides = std::move(overrides);
    Pipeline const p = load_pipeline(request, world.context());
    CHECK(std::ranges::find(p.outputs, "icExp", &Output::dataset) == p.outputs.end());
    return value(p, "task.level.params.value");
  };
  PipelineOverride const file{PipelineOverride::Kind::file, more};
  PipelineOverride const assignment{PipelineOverride::Kind::assignment, "level.value=30"};
  CHECK(value_with({file, assignment}) == "30.0");
  CHECK(value_with({assignment, file}) == "20.0");
}

TEST_CASE("pipeline: includes merge by key, and the including file wins") {
  toy::World const world;
  toy::Files const files;
  files.write("camera/process.toml",
              "include = 'almagest:process'\n[task.level]\nparams.value = 7\n"
              "[outputs]\nthumbnail = false\n[task]\nhaunt = false\n");
  files.write("installed/process.toml",
              "schema = 1\ntitle = 'General'\ninclude = ['parts/base.toml', "
              "'instrument:isr.toml']\nsteps = ['assemble', 'level']\n"
              "[outputs]\ncalexp = 'frame'\nthumbnail = 'frame@assemble'\n");
  files.write("installed/parts/base.toml",
              "[task.level]\nuse = 'toy/level'\nparams = { value = 1, method = 'median' }\n"
              "[task]\nhaunt = 'toy/haunt'\nspare = 'toy/detect'\n");
  files.write("camera/isr.toml", "[task]\nassemble = 'toy/assemble'\n");
  PipelineRequest request;
  request.name = "process";
  request.instrument_pipelines = files.directory() / "camera";
  request.installed_pipelines = files.directory() / "installed";
  CHECK(find_pipeline(request) == files.directory() / "camera/process.toml");
  Pipeline const p = load_pipeline(request, world.context());
  CHECK(p.title == "General");
  CHECK(value(p, "task.level.params.value") == "7.0");
  CHECK(value(p, "task.level.params.method") == "'median'");
  CHECK(p.outputs.size() == 1);
  // What runs is told apart from what is only brought along.
  CHECK(value(p, "task.spare.use") == "(none)");
  // Files of one name are told apart in the origins.
  std::string const dump = dump_config(p, true);
  CHECK(dump.find("params.value = 7.0  # camera/process.toml:3\n") != std::string::npos);
  CHECK(dump.find("params.method = 'median'  # base.toml:3\n") != std::string::npos);
  CHECK(dump.find("params.robust = false  # default\n") != std::string::npos);
  CHECK(dump.find("steps = ['assemble', 'level']  # installed/process.toml:4\n") !=
        std::string::npos);
}

TEST_CASE("pipeline: a new use drops inherited parameters and labels") {
  toy::World const world;
  toy::Files const files;
  files.write("base.toml",
              "schema = 1\nsteps = ['step']\n[task.step]\nuse = 'toy/level'\nwhen = \"band == "
              "'i'\"\nparams.value = 3\nin.frame = 'flat'\nout.frame = 'flattened'\n");
  PipelineRequest request;
  request.name = files
                     .write("p.toml",
                            "include = 'base.toml'\n[task.step]\nuse = 'toy/detect'\n"
                            "in.frame = 'calexp'\n")
                     .string();
  Pipeline const p = load_pipeline(request, world.context());
  CHECK(writer(p, "step", "frame") == "[calexp]");
  CHECK(value(p, "task.step.params.value") == "(none)");
  CHECK(value(p, "task.step.params.threshold") == "5.0");
  CHECK(p.steps[0].when.has_value());
}

TEST_CASE("pipeline: a new list of components drops the settings of those it leaves out") {
  toy::World const world;
  Pipeline const p = toy::load(world, full, {"measure.algorithms.use=['centroid']"});
  CHECK(value(p, "task.measure.params.algorithms.aperture.radii") == "(none)");
}

TEST_CASE("pipeline: the dumped configuration runs unchanged, and is the same again") {
  toy::World const world;
  Pipeline const p = toy::load(world, full,
                               {"task.level.when=band == 'i'", "task.detect.on_failure=continue",
                                "level.by_band={ 'odd key' = 1.5, \"it's\" = 2 }"});
  for (bool const origins : {false, true}) {
    std::string const dump = dump_config(p, origins);
    Pipeline const q = toy::load(world, dump);
    CHECK(flat_configuration(q) == flat_configuration(p));
    CHECK(dump_config(q, false) == dump_config(p, false));
    CHECK(show_tasks(q) == show_tasks(p));
    CHECK(q.run.max_in_flight == p.run.max_in_flight);
  }
}

TEST_CASE("pipeline: a glob picks keys, with their origins") {
  toy::World const world;
  Pipeline const p = toy::load(world, full, {"level.robust=True"});
  CHECK(dump_config(p, true, "level.*") ==
        "task.level.params.by_band = {}  # default\n"
        "task.level.params.method = 'median'  # p.toml:17\n"
        "task.level.params.robust = true  # -c\n"
        "task.level.params.value = 3.0  # p.toml:17\n");
  CHECK(dump_config(p, false, "run.*") == "run.max_in_flight = 2\nrun.on_failure = 'continue'\n");
}

TEST_CASE("pipeline: what decides the products is compared, not the title or the run's settings") {
  toy::World const world;
  auto const flat = [&](std::vector<std::string> const& overrides) {
    return flat_configuration(toy::load(world, full, overrides));
  };
  CHECK(flat({"run.max_in_flight=9", "title=other"}) == flat({}));
  CHECK(flat({"level.value=3.0"}) == flat({}));
  CHECK(flat({"level.value=3.5"}) != flat({}));
}

TEST_CASE("pipeline: --steps reads what left-out steps make from what stores it") {
  toy::World const world;
  Pipeline const p = toy::load(world, full, {}, {"second", "summary"});
  REQUIRE(p.steps.size() == 4);
  CHECK(writer(p, "level_again", "frame") == "[icExp]");
  CHECK(writer(p, "detect", "frame") == "level_again");
  CHECK(p.outputs.size() == 3);
  CHECK(stored_writer(p, "src") == "measure");
  // The configuration stays that of the whole pipeline.
  CHECK(flat_configuration(p) == flat_configuration(toy::load(world, full)));

  CHECK(toy::problems(world, full, {}, {"measure_bright"}) ==
        "--steps: step 'measure_bright' reads 'bright' as step 'detect_bright' leaves it, which no "
        "output stores; add the step detect_bright (group 'first') to --steps, or add to "
        "[outputs]: bright_detect_bright = \"bright@detect_bright\"");
  CHECK(toy::problems(world, full, {}, {"secnd"}) ==
        "--steps secnd: there is no such step or group; did you mean 'second'?");
}

TEST_CASE("pipeline: [inputs] names the dataset of a label, and whose data IDs are the units") {
  toy::World const world;
  Pipeline const p = toy::load(world,
                               "schema = 1\nsteps = ['detect']\n[task]\ndetect = "
                               "'toy/detect'\n[inputs]\nframe = 'calexp'\n");
  CHECK(p.input_dataset == "calexp");
  CHECK(writer(p, "detect", "frame") == "[calexp]");
}

TEST_CASE("pipeline: a false when exposes the version before it") {
  toy::World const world;
  Pipeline const p = toy::load(world, full, {"task.level_again.when=band == 'i'"});
  CHECK(p.predecessors(step_index(p, "detect")) ==
        std::vector<int>{step_index(p, "level"), step_index(p, "level_again")});
}

TEST_CASE("pipeline: overrides that cannot be carried out say so") {
  toy::World const world;
  std::string const text = with_level("");
  auto const said = [&](std::string const& assignment) {
    return toy::problems(world, text, {assignment});
  };
  CHECK(said("level.foo=3") == "-c level.foo=3: task 'level' (toy/level) has no parameter 'foo'");
  CHECK(said("levl.value=3") == "-c levl.value=3: there is no task 'levl'; did you mean 'level'?");
  CHECK(said("level.value=x") == "-c level.value=x: parameter 'value' wants float, got string");
  CHECK(said("level.value=200") ==
        "-c level.value=200: parameter 'value' must be 0.0..100.0, got 200");
  CHECK(said("level.value") == "-c level.value: expected NAME=VALUE");
  CHECK(said("level=3") ==
        "-c level=3: task 'level' needs the name of a parameter: level.NAME=VALUE");
  CHECK(said("level.by_band=[1") == "-c level.by_band=[1: '[1' is no TOML value");
  CHECK(said(".=1") == "-c .=1: '.' is no name of a parameter");
  CHECK(said("run.max_in_flight=0") ==
        "-c run.max_in_flight=0: [run]: 'max_in_flight' wants a whole number above 0, got 0");
  CHECK(said("task.level=false") != "");
}

TEST_CASE("pipeline: a pipeline that is not found says where it was looked for") {
  PipelineRequest request;
  request.name = "nowhere";
  request.installed_pipelines = "share/pipelines";
  CHECK_THROWS_WITH_AS(
      find_pipeline(request),
      "there is no pipeline 'nowhere'; tried nowhere.toml, share/pipelines/nowhere.toml",
      ConfigError);
}

TEST_CASE("pipeline: tasks and graph are shown in text, dot and mermaid") {
  toy::World const world;
  Pipeline const p = toy::load(world, full);
  std::string const tasks = show_tasks(p);
  CHECK(tasks.starts_with("assemble        toy/assemble  [raw]        -> frame\n"));
  CHECK(tasks.find("summary         toy/summary   sources      -> summary (per visit)\n") !=
        std::string::npos);
  std::string const text = show_graph(p, GraphFormat::text);
  CHECK(text.find("level (toy/level)\n  frame <- assemble\n"
                  "  frame -> detect_bright, measure_bright, level_again, [icExp]\n") !=
        std::string::npos);
  std::string const dot = show_graph(p, GraphFormat::dot);
  CHECK(dot.find("s0 -> s1 [label=\"frame\"]") != std::string::npos);
  CHECK(dot.find("r0 -> s0 [label=\"raw\"]") != std::string::npos);
  CHECK(show_graph(p, GraphFormat::mermaid).find("s0 -->|frame| s1\n") != std::string::npos);
}

TEST_CASE("pipeline: broken text never does worse than a ConfigError") {
  toy::World const world;
  // Every prefix, every dropped line, and characters replaced by a fixed scramble.
  std::uint32_t state = 1;
  auto const random = [&](std::size_t below) {
    state = state * 1664525U + 1013904223U;  // Numerical Recipes' generator
    return (state >> 8U) % below;
  };
  std::string const junk = "[]{}=.,\"'#\n@x0-_ \\\t";
  for (int i = 0; i < 400; ++i) {
    std::string text = full;
    if (i % 4 == 0) text.resize(random(text.size()));
    for (std::size_t n = random(6); i % 4 != 0 && n > 0; --n) {
      std::size_t const at = random(text.size());
      if (i % 4 == 1) text.erase(at, random(20));
      if (i % 4 == 2) text[at] = junk[random(junk.size())];
      if (i % 4 == 3) text.insert(at, full.substr(random(full.size()), random(30)));
    }
    CHECK_NOTHROW(toy::problems(world, text));
  }
}

#include <doctest/doctest.h>

#include "toy_pipeline.hpp"

using namespace almagest;

namespace {

/// Never asked anything by the toy tasks.
class NoInstrument final : public Instrument {
 public:
  std::string const& name() const override { return name_; }
  std::vector<DataIdKey> const& keys() const override { return keys_; }
  std::string role(std::string_view) const override { return {}; }
  ExposureId exposure_id(DataId const&) const override { return {}; }
  std::vector<Detector> const& detectors() const override { return detectors_; }
  std::filesystem::path const& directory() const override { return directory_; }
  ConfigValue const& constants() const override { return constants_; }

 private:
  std::string name_ = "toy";
  std::vector<DataIdKey> keys_;
  std::vector<Detector> detectors_;
  std::filesystem::path directory_;
  ConfigValue constants_;
};

std::string const pipeline = R"(schema = 1
steps  = ["detect", "measure", "calibrate"]
[task]
detect  = { use = "toy/detect", in.frame = "flat" }
measure = { use = "toy/measure", in.frame = "flat" }
[task.calibrate]
use           = "toy/calibrate"
params.column = "centroid"
[outputs]
uncalibrated = "sources@measure"
)";

std::map<int, Schema> prepare(Pipeline& p, SchemaSource const& stored = {}) {
  return prepare_pipeline(p, NoInstrument(), stored, {});
}

std::string problems(Pipeline& p, SchemaSource const& stored = {}) {
  try {
    prepare(p, stored);
    return {};
  } catch (ConfigError const& error) {
    std::string const text = error.what();
    return text.substr(text.rfind('/', text.find("p.toml")) + 1);
  }
}

}  // namespace

TEST_CASE("prepare: schemas are handed from step to step") {
  toy::World const world;
  Pipeline p = toy::load(world, pipeline);
  std::map<int, Schema> const schemas = prepare(p);
  REQUIRE(schemas.size() == 2);
  auto const& last = schemas.at(p.steps[2].versions[1]);
  CHECK(last.find("centroid") != nullptr);
  CHECK(last.find("calibrated")->unit == "nJy");
}

TEST_CASE("prepare: columns are checked before anything starts") {
  toy::World const world;
  Pipeline p = toy::load(world, pipeline, {"calibrate.column=centroids"});
  std::string const message = problems(p);
  CHECK(message.starts_with("p.toml:6:1: step 'calibrate' (toy/calibrate): "));
  CHECK(message.find("'centroid'") != std::string::npos);
}

TEST_CASE("prepare: the columns of a stored catalogue come from its schema file") {
  toy::World const world;
  Schema schema = Schema::minimal_source();
  schema.add<double>("centroid", "", "");
  Pipeline p = toy::load(world, pipeline, {}, {"calibrate"});
  CHECK(prepare(p, [&](std::string const& dataset) {
          return dataset == "uncalibrated" ? &schema : nullptr;
        }).size() == 1);
  CHECK(problems(p) ==
        "p.toml:6:1: step 'calibrate' (toy/calibrate): the columns of input 'sources' are not "
        "known: nothing in this run makes it and none is stored");
}

TEST_CASE("prepare: only the first of a row of failures is reported") {
  toy::World const world;
  Pipeline p =
      toy::load(world, pipeline,
                {"task.again.use=toy/calibrate", "again.column=centroid",
                 "calibrate.column=nothing", "steps=['detect','measure','calibrate','again']"});
  std::string const message = problems(p);
  CHECK(message.find("step 'calibrate'") != std::string::npos);
  CHECK(message.find("step 'again'") == std::string::npos);
}

TEST_CASE("prepare: a step that may be absent does not change columns that its readers rely on") {
  toy::World const world;
  Pipeline p = toy::load(
      world, pipeline,
      {"task.again.use=toy/calibrate", "again.column=centroid", "task.calibrate.when=band == 'i'",
       "steps=['detect','measure','calibrate','again']"});
  CHECK(problems(p).starts_with(
      "p.toml:6:1: step 'calibrate' changes the columns of 'sources', but its readers see the "
      "former ones where it does not run"));
}

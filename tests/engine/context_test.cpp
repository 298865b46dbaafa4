#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "engine/toy.hpp"

using namespace toy;
namespace fs = std::filesystem;

namespace {

class LineLog final : public Log {
 public:
  void write(LogLevel, std::string_view message) override {
    std::lock_guard lock(mutex_);
    lines.emplace_back(message);
  }
  bool enabled(LogLevel level) const override { return level >= LogLevel::info; }
  std::vector<std::string> lines;

 private:
  std::mutex mutex_;
};

}  // namespace

TEST_CASE("context: each quantum has a scratch directory of its own, gone afterwards") {
  fs::path const root = fs::temp_directory_path() / "almagest_scratch_test";
  fs::create_directories(root);
  std::mutex mutex;
  std::set<fs::path> seen;
  ToyPipeline toys;
  toys.step("work", {{}, {}}, [&](Toy& toy) {
    fs::path const mine = toy.context().scratch();
    CHECK(mine == toy.context().scratch());
    CHECK(fs::is_directory(mine));
    std::ofstream(mine / "file") << "text";
    std::lock_guard lock(mutex);
    seen.insert(mine);
    if (toy.key("visit") == 2) throw DataError("no");
    return done;
  });
  ToyRun run(toys);
  run.on(visits(5)).options.scratch_root = root;
  run.options.jobs = 4;
  run.run();
  CHECK(seen.size() == 5);
  CHECK(fs::is_empty(root));
  fs::remove_all(root);

  ToyRun nowhere(toys);
  nowhere.on(visits(1)).options.scratch_root = root / "missing";
  nowhere.run();
  CHECK(nowhere.of("work", visit_id(1)).find("cannot make a scratch directory in") !=
        std::string::npos);
}

TEST_CASE("context: the seed depends on the data ID alone") {
  std::mutex mutex;
  std::map<std::int64_t, std::set<std::uint64_t>> seeds;
  ToyPipeline toys;
  Body const draw = [&](Toy& toy) {
    std::lock_guard lock(mutex);
    seeds[toy.key("visit")].insert(toy.context().seed());
    return done;
  };
  toys.step("one", {{}, {}}, draw).step("two", {{}, {}}, draw);
  for (int jobs : {1, 8}) {
    ToyRun run(toys);
    run.on(visits(20)).options.jobs = jobs;
    run.run();
  }
  std::set<std::uint64_t> all;
  for (auto const& [visit, drawn] : seeds) {
    CHECK(drawn.size() == 1);
    all.insert(*drawn.begin());
  }
  CHECK(all.size() == 20);
  // FNV-1a 64 of "visit=1", computed independently (Python, the published constants).
  CHECK(*seeds.at(1).begin() == 9954463206234390374U);
}

TEST_CASE("context: messages say which data ID they are about, and levels are honoured") {
  LineLog log;
  ToyPipeline toys;
  toys.step("work", {{}, {}}, [&](Toy& toy) {
    toy.context().log().debug("unheard");
    toy.context().log().info("12 sources");
    return done;
  });
  ToyRun run(toys);
  std::string asked;
  run.on(visits(1)).options.log_of = [&](std::string const& step) -> Log& {
    asked += step;
    return log;
  };
  run.run();
  CHECK(asked == "work");
  CHECK(log.lines == std::vector<std::string>{"visit=1: 12 sources"});
  ToyRun(toys).on(visits(1)).run();  // no logger: dropped
}

TEST_CASE("context: metrics come with the report, the last value of each") {
  ToyPipeline toys;
  ToyTask const stranger({{}, {}}, [](Toy&) { return done; });
  toys.step("work", {{}, {}}, [&](Toy& toy) {
    auto const& task = dynamic_cast<ToyTask const&>(*toys.pipeline.steps[0].task);
    toy.context().record(task.level, 1.0);
    toy.context().record(task.level, 2.5);
    if (toy.key("visit") == 2) toy.context().record(stranger.level, 0.0);
    return done;
  });
  ToyRun run(toys);
  run.on(visits(2)).run();
  auto const& metrics = run.recorder.reports.at({"work", "visit=1"}).metrics;
  REQUIRE(metrics.size() == 1);
  CHECK(metrics[0].first->name() == "level");
  CHECK(std::get<double>(metrics[0].second) == 2.5);
  CHECK(run.of("work", visit_id(2)) == "failed: metric 'level' belongs to another task");
}

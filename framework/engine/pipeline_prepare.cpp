#include <set>
#include <utility>

#include "engine/index.hpp"
#include "engine/pipeline.hpp"

namespace almagest {
namespace {

class NoLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
  bool enabled(LogLevel) const override { return false; }
};

/// The schemas of the versions made so far, and those of stored catalogues.
struct Schemas {
  std::map<int, Schema> made;
  std::set<int> broken;  ///< of steps whose prepare() failed
};

/// A step asked for the columns of a catalogue whose maker has failed: only the maker is reported.
struct MakerFailed {};

class StepSetup final : public Setup {
 public:
  StepSetup(Pipeline const& pipeline, Step const& step, Instrument const& instrument, Log& log,
            SchemaSource const& stored, Schemas& schemas)
      : pipeline_(pipeline),
        step_(step),
        instrument_(instrument),
        log_(log),
        stored_(stored),
        schemas_(schemas) {}

  Instrument const& instrument() const override { return instrument_; }
  Log& log() override { return log_; }

 protected:
  Schema const* find_schema(Port const& port) const override {
    int const v = step_.versions[port.index()];
    if (v < 0) return nullptr;
    if (schemas_.broken.contains(v)) throw MakerFailed();
    Version const& version = pipeline_.versions[at(v)];
    if (version.writer < 0) return stored_ ? stored_(version.dataset) : nullptr;
    auto const made = schemas_.made.find(v);
    return made == schemas_.made.end() ? nullptr : &made->second;
  }

  void output_schema(Port const& port, Schema schema) override {
    schemas_.made.insert_or_assign(step_.versions[port.index()], std::move(schema));
  }

 private:
  Pipeline const& pipeline_;
  Step const& step_;
  Instrument const& instrument_;
  Log& log_;
  SchemaSource const& stored_;
  Schemas& schemas_;
};

/// Readers of a version that may be absent take the one before it: its columns must be the same,
/// because the readers have looked up theirs here.
void check_exposed(Pipeline const& pipeline, Step const& step, SchemaSource const& stored,
                   Schemas const& schemas, Problems& problems) {
  if (!step.when && step.on_failure == OnFailure::block) return;
  for (Port const* port : step.task->ports()) {
    if (port->is_input()) continue;
    int const v = step.versions[port->index()];
    Version const& version = pipeline.versions[at(v)];
    auto const now = schemas.made.find(v);
    if (now == schemas.made.end() || version.previous < 0 || version.readers.empty()) continue;
    Version const& previous = pipeline.versions[at(version.previous)];
    auto const made = schemas.made.find(version.previous);
    Schema const* before = made == schemas.made.end() ? nullptr : &made->second;
    if (previous.writer < 0 && stored) before = stored(previous.dataset);
    if (before && !(*before == now->second))
      problems.add(step.where, "step '" + step.name + "' changes the columns of '" + version.label +
                                   "', but its readers see the former ones where " +
                                   (step.when ? "it does not run" : "it fails") +
                                   "; write another label");
  }
}

}  // namespace

std::map<int, Schema> prepare_pipeline(Pipeline& pipeline, Instrument const& instrument,
                                       SchemaSource const& stored,
                                       std::function<Log&(std::string const& step)> const& log_of) {
  Problems problems;
  Schemas schemas;
  NoLog no_log;
  for (Step& step : pipeline.steps) {
    Log& log = log_of ? log_of(step.name) : no_log;
    StepSetup setup(pipeline, step, instrument, log, stored, schemas);
    bool good = true;
    try {
      step.task->prepare(setup);
      check_exposed(pipeline, step, stored, schemas, problems);
    } catch (MakerFailed const&) {
      good = false;
    } catch (std::exception const& error) {
      problems.add(step.where, "step '" + step.name + "' (" + step.use + "): " + error.what());
      good = false;
    }
    if (good) continue;
    for (Port const* port : step.task->ports())
      if (!port->is_input()) schemas.broken.insert(step.versions[port->index()]);
  }
  problems.raise();
  return std::move(schemas.made);
}

}  // namespace almagest

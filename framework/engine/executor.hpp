#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "almagest/instrument.hpp"
#include "almagest/log.hpp"
#include "engine/pipeline.hpp"
#include "engine/store.hpp"

namespace almagest {

/// What is to happen to one step for one unit.
enum class StepPlan : std::uint8_t {
  run,
  absent,      ///< its `when` is false
  up_to_date,  ///< nothing that it feeds is missing or stale
};

/// One data ID, or one group of them, with the fate of every step (only those of its level count).
struct UnitPlan {
  DataId id;
  std::vector<StepPlan> steps;  ///< by step index
  std::vector<bool> store;      ///< by output index: false when the stored dataset is up to date
};

/// One group of the steps with one `per`: its values, and who belongs to it.
struct GroupPlan {
  UnitPlan unit;                     ///< its data ID holds the values of `per`, in that order
  std::vector<std::string> per;      ///< as in Step::per
  std::vector<std::size_t> members;  ///< indices into RunPlan::units, in data-ID order
  std::vector<std::size_t> groups;   ///< finer groups it gathers from: indices into RunPlan::groups
};

struct RunPlan {
  std::vector<UnitPlan> units;    ///< in the order in which they start
  std::vector<GroupPlan> groups;  ///< finer groups before the groups that gather from them
};

/// Whether any step of a unit or group runs; if none does, it is not started.
bool has_work(UnitPlan const& plan) noexcept;
/// How many units and groups will be started: what a progress line counts towards.
std::size_t count_to_run(RunPlan const& plan) noexcept;

/// A data ID with everything that may stand in `when` and `per`: keys, roles and registry columns.
struct UnitCandidate {
  DataId id;
  std::map<std::string, Value> columns;
};

/// Decides what runs: `when`, groups, and what is up to date.
///
/// \param stale  whether a stored output is missing or stale for a data ID: of a unit (no members),
///               or of a group with the data IDs of its units
/// \throws ConfigError with every problem: a `when` or `per` that cannot be evaluated, a label that
///         nobody writes for a data ID, groups that do not nest
RunPlan plan_run(Pipeline const& pipeline, std::vector<UnitCandidate> const& candidates,
                 Instrument const& instrument,
                 std::function<bool(Output const&, DataId const& id,
                                    std::vector<DataId> const& members)> const& stale);

/// The end of one quantum.
struct QuantumReport {
  int step = -1;
  DataId id;
  QuantumState state = QuantumState::ok;
  bool up_to_date = false;  ///< skipped because its outputs are
  std::string message;      ///< why it was skipped, failed or blocked ("blocked by detect")
  double wall_s = 0.0;
  double cpu_s = 0.0;  ///< of the thread that ran it, plus its parallel_for bodies
  std::vector<std::pair<MetricBase const*, Value>> metrics;
};

/// Hears what happens to units and groups. Calls come from many threads; the implementation locks.
/// An exception that leaves it cancels the run (RunSummary::observer_error).
class RunObserver {
 public:
  virtual ~RunObserver();
  virtual void unit_started(DataId const& id);
  /// \param ok  no quantum of it failed or was blocked
  virtual void unit_finished(DataId const& id, bool ok);
  virtual void quantum_finished(QuantumReport const& report);
};

struct ExecutorOptions {
  int jobs = 1;
  int max_in_flight = 0;                                ///< 0: as the pipeline says
  std::stop_token stop;                                 ///< requested by SIGINT
  std::filesystem::path scratch_root;                   ///< empty: the system's temporary directory
  std::function<Log&(std::string const& step)> log_of;  ///< empty: logs are dropped
  double timeout_s = 0.0;  ///< a quantum that takes longer fails; 0 = none
};

/// What became of a run. A group of a gathering step counts as a unit of its own.
struct RunSummary {
  std::size_t units_ok = 0;
  std::size_t units_failed = 0;       ///< a quantum failed or was blocked
  std::size_t units_up_to_date = 0;   ///< nothing to run, so never started
  std::size_t units_not_started = 0;  ///< after a cancellation
  std::size_t peak_in_flight = 0;
  bool cancelled = false;
  std::string observer_error;  ///< what the observer threw; the run was cancelled by it
};

/// Runs a plan. Failures are reported, never thrown.
///
/// After a cancellation no unit starts; in those in flight the running steps end, and the steps
/// after them are reported as blocked by the cancellation.
RunSummary execute(Pipeline const& pipeline, RunPlan const& plan, Instrument const& instrument,
                   ProductStore& store, RunObserver& observer, ExecutorOptions const& options);

}  // namespace almagest

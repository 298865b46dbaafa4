#pragma once

#include <optional>
#include <stop_token>
#include <vector>

#include "engine/context.hpp"
#include "engine/executor.hpp"
#include "engine/gather.hpp"
#include "engine/index.hpp"
#include "engine/layout.hpp"
#include "engine/reporter.hpp"
#include "engine/unit.hpp"
#include "engine/watchdog.hpp"

namespace almagest {

/// Carries out quanta: judges the inputs, runs the task, stores its outputs, reports the end, and
/// lets go of what nobody will read.
class QuantumRunner {
 public:
  QuantumRunner(Pipeline const& pipeline, Layout const& layout, Instrument const& instrument,
                ExecutorOptions const& options, Gatherer& gatherer, Reporter& reporter,
                std::stop_source const& stop);

  /// Never throws: an exception that left a node would cancel the whole graph.
  void run(int step, Unit& unit) noexcept;
  /// Reports the steps of a unit that is not started because nothing of it is to be done.
  void pass_over(UnitPlan const& plan) noexcept;
  Log* log(int step) const { return logs_[at(step)]; }

 private:
  /// Whether the step may run; if not, says in the report what became of it.
  bool judge(int step, Unit& unit, QuantumReport& report, int& cause) const;
  void attempt(int step, Unit& unit, QuantumReport& report);
  /// run(), the checks after it and the storing: everything that can fail the quantum.
  Outcome carry_out(Step const& step, int s, Unit& unit, QuantumContext& context);
  void store_outputs(int step, Unit& unit);
  void keep_going(int step, Unit& unit, QuantumReport& report, int cause);
  void store(int output, Unit& unit, int step, AnyProduct const& product);
  std::vector<std::string> survived_failures(int step, Unit const& unit) const;

  Pipeline const& pipeline_;
  Layout const& layout_;
  Instrument const& instrument_;
  Gatherer& gatherer_;
  Reporter& reporter_;
  std::stop_source stop_;
  std::filesystem::path scratch_root_;
  std::vector<Log*> logs_;  // by step; nullptr: dropped
  double timeout_s_;
  std::optional<Watchdog> watchdog_;
};

}  // namespace almagest

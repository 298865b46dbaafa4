#include "engine/quantum.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "engine/index.hpp"
#include "engine/parallel.hpp"

namespace almagest {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string message_of(std::exception_ptr const& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (std::exception const& e) {
    return *e.what() ? e.what() : "an exception without a message";
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

QuantumReport up_to_date(int step, DataId const& id) {
  QuantumReport report;
  report.step = step;
  report.id = id;
  report.state = QuantumState::skipped;
  report.up_to_date = true;
  report.message = "up to date";
  return report;
}

}  // namespace

QuantumRunner::QuantumRunner(Pipeline const& pipeline, Layout const& layout,
                             Instrument const& instrument, ExecutorOptions const& options,
                             Gatherer& gatherer, Reporter& reporter, std::stop_source const& stop)
    : pipeline_(pipeline),
      layout_(layout),
      instrument_(instrument),
      gatherer_(gatherer),
      reporter_(reporter),
      stop_(stop),
      scratch_root_(options.scratch_root),
      timeout_s_(options.timeout_s) {
  for (Step const& step : pipeline.steps)
    logs_.push_back(options.log_of ? &options.log_of(step.name) : nullptr);
  if (timeout_s_ > 0.0) watchdog_.emplace(timeout_s_);
}

void QuantumRunner::pass_over(UnitPlan const& plan) noexcept {
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    if (plan.steps[s] != StepPlan::up_to_date) continue;
    reporter_.quantum_finished(up_to_date(static_cast<int>(s), plan.id));
  }
}

void QuantumRunner::run(int step, Unit& unit) noexcept {
  StepPlan const plan = unit.plan().steps[at(step)];
  if (plan == StepPlan::absent) return;
  if (plan == StepPlan::up_to_date) return reporter_.quantum_finished(up_to_date(step, unit.id()));
  QuantumReport report;
  report.step = step;
  report.id = unit.id();
  int cause = step;
  if (judge(step, unit, report, cause))
    attempt(step, unit, report);
  else if (report.state == QuantumState::blocked && !stop_.stop_requested() &&
           pipeline_.steps[at(step)].on_failure == OnFailure::keep_going)
    keep_going(step, unit, report, cause);
  unit.set_fate(step, report.state, cause, report.message);
  unit.release(step);
  reporter_.quantum_finished(report);
  if (report.state == QuantumState::failed && pipeline_.run.stop_on_failure) stop_.request_stop();
}

bool QuantumRunner::judge(int step, Unit& unit, QuantumReport& report, int& cause) const {
  int skipper = -1;
  for (Port const* port : pipeline_.steps[at(step)].task->ports()) {
    int const v = pipeline_.steps[at(step)].versions[port->index()];
    if (v < 0 || port->kind() == Port::Kind::out || port->kind() == Port::Kind::gather_in) continue;
    int const visible = unit.visible(v);
    int const writer = visible < 0 ? -1 : pipeline_.versions[at(visible)].writer;
    if (writer < 0) continue;
    QuantumState const state = unit.state(writer);
    if (state == QuantumState::failed || state == QuantumState::blocked) {
      // Also for an optional input: never a silent fall-back to less.
      cause = unit.cause(writer);
      report.state = QuantumState::blocked;
      report.message = "blocked by " + pipeline_.steps[at(cause)].name;
      return false;
    }
    if (state == QuantumState::skipped && port->kind() == Port::Kind::in && skipper < 0)
      skipper = unit.cause(writer);
  }
  if (skipper >= 0) {
    cause = skipper;
    report.state = QuantumState::skipped;
    report.message = pipeline_.steps[at(skipper)].name + " was skipped: " + unit.message(skipper);
    return false;
  }
  if (stop_.stop_requested()) {
    report.state = QuantumState::blocked;
    report.message = "the run was cancelled";
    return false;
  }
  return true;
}

void QuantumRunner::attempt(int s, Unit& unit, QuantumReport& report) {
  Step const& step = pipeline_.steps[at(s)];
  Clock::time_point const begin = Clock::now();
  {
    std::optional<Watchdog::Watch> watch;
    if (watchdog_) watch.emplace(*watchdog_, stop_.get_token());
    MembersOf const members_of = [this,
                                  &unit](int version) -> std::vector<GatheredItem const*> const& {
      return gatherer_.members(unit, version);
    };
    QuantumContext context(unit, step, {instrument_, log(s), scratch_root_, members_of},
                           watch ? watch->token() : stop_.get_token());
    {
      CpuMeter const meter(context.cpu_ns());
      try {
        Outcome outcome = carry_out(step, s, unit, context);
        if (outcome.skipped()) {
          report.state = QuantumState::skipped;
          report.message = std::move(outcome.skip_reason);
        }
      } catch (...) {
        report.state = QuantumState::failed;
        report.message = message_of(std::current_exception());
      }
      if (report.state != QuantumState::ok)
        for (int v : layout_.steps[at(s)].outputs) unit.clear(v);
      if (report.state == QuantumState::failed && step.on_failure == OnFailure::keep_going)
        keep_going(s, unit, report, s);
    }
    report.metrics = std::move(context.metrics());
    constexpr double s_per_ns = 1e-9;
    report.cpu_s = static_cast<double>(context.cpu_ns().load()) * s_per_ns;
  }
  report.wall_s = seconds_since(begin);
}

Outcome QuantumRunner::carry_out(Step const& step, int s, Unit& unit, QuantumContext& context) {
  Clock::time_point const begin = Clock::now();
  auto const late = [&] { return timeout_s_ > 0.0 && seconds_since(begin) > timeout_s_; };
  auto const lateness = [&] {
    return fmt::format("took {:.3g} s, more than the time limit of {:g} s", seconds_since(begin),
                       timeout_s_);
  };
  Outcome outcome;
  try {
    outcome = step.task->run(context);
  } catch (...) {
    if (!late()) throw;
    throw DataError(lateness() + ": " + message_of(std::current_exception()));
  }
  if (late()) throw DataError(lateness());
  if (outcome.skipped()) return outcome;
  context.require_all_put();
  store_outputs(s, unit);
  return outcome;
}

void QuantumRunner::store_outputs(int step, Unit& unit) {
  for (std::size_t o = 0; o < pipeline_.outputs.size(); ++o) {
    if (!unit.plan().store[o]) continue;
    int const v = unit.planned(pipeline_.outputs[o].version);
    if (v >= 0 && pipeline_.versions[at(v)].writer == step)
      store(static_cast<int>(o), unit, step, unit.product(v));
  }
}

/// The version before stands for what the failed or blocked step did not make, also in what is
/// stored.
void QuantumRunner::keep_going(int step, Unit& unit, QuantumReport& report, int cause) {
  StepLayout const& layout = layout_.steps[at(step)];
  // So that this step is among those that the card names.
  unit.set_fate(step, report.state, cause, report.message);
  for (std::size_t k = 0; k < layout.outputs.size(); ++k) {
    int const before = layout.fallbacks[k] < 0 ? -1 : unit.visible(layout.fallbacks[k]);
    if (before < 0) continue;
    unit.fall_back(layout.outputs[k], before);
    int const writer = pipeline_.versions[at(before)].writer;
    if (writer >= 0 && unit.state(writer) != QuantumState::ok) continue;
    for (std::size_t o = 0; o < pipeline_.outputs.size(); ++o) {
      if (!unit.plan().store[o] || unit.planned(pipeline_.outputs[o].version) != layout.outputs[k])
        continue;
      try {
        store(static_cast<int>(o), unit, step, unit.product(before));
      } catch (...) {
        report.message += "; storing the version before it as '" + pipeline_.outputs[o].dataset +
                          "' failed, too: " + message_of(std::current_exception());
      }
    }
  }
}

void QuantumRunner::store(int output, Unit& unit, int step, AnyProduct const& product) {
  Output const& plain = pipeline_.outputs[at(output)];
  std::string const& product_id = pipeline_.versions[at(plain.version)].product_id;
  Step const& writer = pipeline_.steps[at(step)];
  std::vector<std::string> const failures = survived_failures(step, unit);
  if (failures.empty()) return unit.store().store(plain, product_id, product, writer);

  Output marked = plain;
  ConfigValue::Array names(failures.begin(), failures.end());
  marked.options.set("failed_steps", std::move(names));
  unit.store().store(marked, product_id, product, writer);
}

/// The steps above, and the step itself, that failed or were blocked and were survived.
std::vector<std::string> QuantumRunner::survived_failures(int step, Unit const& unit) const {
  std::vector<std::string> failures;
  if (unit.ok()) return failures;
  std::vector<bool> seen(pipeline_.steps.size());
  std::vector<int> todo{step};
  while (!todo.empty()) {
    int const s = todo.back();
    todo.pop_back();
    if (seen[at(s)]) continue;
    seen[at(s)] = true;
    auto const& before = layout_.steps[at(s)].predecessors;
    todo.insert(todo.end(), before.begin(), before.end());
  }
  auto const has_failed = [&](std::size_t s) {
    QuantumState const state = unit.state(static_cast<int>(s));
    return state == QuantumState::failed || state == QuantumState::blocked;
  };
  for (std::size_t s = 0; s < seen.size(); ++s)
    if (seen[s] && pipeline_.steps[s].on_failure == OnFailure::keep_going && has_failed(s))
      failures.push_back(pipeline_.steps[s].name);
  return failures;
}

}  // namespace almagest

#include "engine/executor.hpp"

#include <oneapi/tbb/flow_graph.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>

#include "engine/gather.hpp"
#include "engine/index.hpp"
#include "engine/layout.hpp"
#include "engine/quantum.hpp"
#include "engine/reporter.hpp"
#include "engine/resources.hpp"
#include "engine/unit.hpp"

namespace almagest {

namespace {

namespace flow = oneapi::tbb::flow;

using UnitPtr = std::shared_ptr<Unit>;

/// The flow graph of one run. Its only message is a unit; the source emits data IDs, never pixels.
///
///     units (source) ─┐                      ┌─► step ─┬─► step ─┐
///                     ├─► limiter ─► enter ──┤         │         ├─► leave ─┬─► token back to the
///     complete groups ┘     (tokens)         └─► step ─┴─► step ─┘          │   limiter
///            ▲                                                              │
///            └──────────────────────────────────────────────────────────────┘ last of its group
///
/// A step's node is entered once by each step that it waits for; the unit's countdown makes the
/// last of them run the task. A unit that failed still travels, so every countdown, the limiter and
/// the groups close. All bodies are noexcept: an exception that left one would cancel the graph.
class RunGraph {
 public:
  RunGraph(Pipeline const& pipeline, RunPlan const& plan, Instrument const& instrument,
           ProductStore& store, RunObserver& observer, ExecutorOptions const& options)
      : pipeline_(pipeline),
        plan_(plan),
        products_(store),
        layout_(pipeline),
        reporter_(observer, stop_),
        gatherer_(pipeline, layout_, plan, store),
        runner_(pipeline, layout_, instrument, options, gatherer_, reporter_, stop_),
        resources_(pipeline),
        source_(graph_, [this](oneapi::tbb::flow_control& control) { return next_unit(control); }),
        complete_groups_(graph_),
        limiter_(graph_, static_cast<std::size_t>(in_flight_limit(options))),
        enter_(graph_, flow::unlimited,
               [this](UnitPtr const& unit) noexcept { return enter(unit); }),
        leave_(graph_, flow::unlimited, [this](UnitPtr const& unit, auto& ports) noexcept {
          if (leave(unit)) std::get<0>(ports).try_put(flow::continue_msg());
        }) {
    connect();
  }

  RunSummary run() {
    source_.activate();
    graph_.wait_for_all();
    summary_.units_ok = units_ok_;
    summary_.units_failed = units_failed_;
    summary_.units_up_to_date = units_up_to_date_;
    summary_.units_not_started = count_to_run(plan_) - units_ok_ - units_failed_;
    summary_.peak_in_flight = peak_in_flight_;
    summary_.cancelled = stop_.stop_requested();
    summary_.observer_error = reporter_.error();
    return summary_;
  }

  std::stop_source& stop() noexcept { return stop_; }

 private:
  using StepNode = flow::multifunction_node<UnitPtr, std::tuple<UnitPtr>>;
  using LeaveNode = flow::multifunction_node<UnitPtr, std::tuple<flow::continue_msg>>;

  int in_flight_limit(ExecutorOptions const& options) const {
    return std::max(
        1, options.max_in_flight > 0 ? options.max_in_flight : pipeline_.run.max_in_flight);
  }

  void connect() {
    for (std::size_t s = 0; s < pipeline_.steps.size(); ++s)
      steps_.emplace_back(graph_, flow::unlimited,
                          [this, s](UnitPtr const& unit, auto& ports) noexcept {
                            if (pass(static_cast<int>(s), unit)) std::get<0>(ports).try_put(unit);
                          });
    for (std::size_t s = 0; s < pipeline_.steps.size(); ++s)
      for (int next : layout_.steps[s].successors)
        flow::make_edge(flow::output_port<0>(steps_[s]), steps_[at(next)]);
    for (Level const& level : layout_.levels) {
      auto& entrance = entrances_.emplace_back(graph_);
      for (int s : level.roots) flow::make_edge(entrance, steps_[at(s)]);
      for (int s : level.terminals) flow::make_edge(flow::output_port<0>(steps_[at(s)]), leave_);
    }
    flow::make_edge(source_, limiter_);
    flow::make_edge(complete_groups_, limiter_);
    flow::make_edge(limiter_, enter_);
    flow::make_edge(flow::output_port<0>(leave_), limiter_.decrementer());
  }

  UnitPtr make_unit(UnitRef ref) {
    UnitPlan const& plan = ref.is_group ? plan_.groups[ref.index].unit : plan_.units[ref.index];
    int const level = ref.is_group ? gatherer_.level_of(ref.index) : 0;
    return std::make_shared<Unit>(pipeline_, layout_, products_, plan, level, ref);
  }

  UnitPtr next_unit(oneapi::tbb::flow_control& control) noexcept {
    while (next_ < plan_.units.size() && !stop_.stop_requested()) {
      UnitRef const ref{next_++, false};
      if (has_work(plan_.units[ref.index])) return make_unit(ref);
      pass_over(ref);
    }
    control.stop();
    return {};
  }

  flow::continue_msg enter(UnitPtr const& unit) noexcept {
    std::size_t const now = ++in_flight_;
    for (std::size_t peak = peak_in_flight_; now > peak;)
      if (peak_in_flight_.compare_exchange_weak(peak, now)) break;
    if (stop_.stop_requested()) {
      leave_.try_put(unit);
    } else {
      unit->set_started();
      reporter_.unit_started(unit->id());
      entrances_[at(unit->level())].try_put(unit);
    }
    return {};
  }

  /// One arrival at a step. \returns whether the step has ended, so that the unit goes on
  bool pass(int s, UnitPtr const& unit) noexcept {
    int const to_come = unit->arrive(s);
    if (to_come > 0) return false;
    bool const takes = resources_.needs_any(s) && unit->plan().steps[at(s)] == StepPlan::run;
    // A unit that was put aside comes a second time, with its resources.
    bool const granted = to_come < 0;
    if (takes && !granted && !resources_.acquire(s, unit)) return false;
    runner_.run(s, *unit);
    if (takes)
      for (auto const& next : resources_.release(s)) steps_[at(next.step)].try_put(next.unit);
    return true;
  }

  /// One arrival at the end. \returns whether the unit is done, so that its token is free
  bool leave(UnitPtr const& unit) noexcept {
    if (unit->started()) {
      if (!unit->arrive_at_end()) return false;
      ++(unit->ok() ? units_ok_ : units_failed_);
      if (unit->ref().is_group) close_group(*unit);
      reporter_.unit_finished(unit->id(), unit->ok());
    }
    --in_flight_;
    start_groups(unit->ref(), unit.get());
    return true;
  }

  void close_group(Unit const& group) noexcept {
    try {
      gatherer_.close(group);
    } catch (std::exception const& e) {
      Log* const log = runner_.log(layout_.levels[at(group.level())].steps.front());
      if (log) QuantumLog(log, group.id()).warning(e.what());
    }
  }

  /// Starts the groups of which this was the last member.
  void start_groups(UnitRef member, Unit const* unit) noexcept {
    for (std::size_t g : gatherer_.end(member, unit)) {
      UnitRef const ref{g, true};
      if (has_work(plan_.groups[g].unit))
        complete_groups_.try_put(make_unit(ref));
      else
        pass_over(ref);
    }
  }

  /// A unit or group of which nothing is to be done.
  void pass_over(UnitRef ref) noexcept {
    runner_.pass_over(ref.is_group ? plan_.groups[ref.index].unit : plan_.units[ref.index]);
    ++units_up_to_date_;
    start_groups(ref, nullptr);
  }

  Pipeline const& pipeline_;
  RunPlan const& plan_;
  ProductStore& products_;
  Layout layout_;
  std::stop_source stop_;
  Reporter reporter_;
  Gatherer gatherer_;
  QuantumRunner runner_;
  ResourcePool resources_;

  std::size_t next_ = 0;  // only the source uses it
  std::atomic<std::size_t> in_flight_{0}, peak_in_flight_{0};
  std::atomic<std::size_t> units_ok_{0}, units_failed_{0}, units_up_to_date_{0};
  RunSummary summary_;

  flow::graph graph_;
  flow::input_node<UnitPtr> source_;
  flow::queue_node<UnitPtr> complete_groups_;
  flow::limiter_node<UnitPtr> limiter_;
  flow::function_node<UnitPtr, flow::continue_msg> enter_;
  LeaveNode leave_;
  std::deque<flow::broadcast_node<UnitPtr>> entrances_;  // by level
  std::deque<StepNode> steps_;
};

}  // namespace

RunObserver::~RunObserver() = default;
void RunObserver::unit_started(DataId const&) {}
void RunObserver::unit_finished(DataId const&, bool) {}
void RunObserver::quantum_finished(QuantumReport const&) {}

RunSummary execute(Pipeline const& pipeline, RunPlan const& plan, Instrument const& instrument,
                   ProductStore& store, RunObserver& observer, ExecutorOptions const& options) {
  int const jobs = std::max(1, options.jobs);
  // Without the global limit TBB ignores an arena that is larger than the machine.
  oneapi::tbb::global_control const limit(oneapi::tbb::global_control::max_allowed_parallelism,
                                          static_cast<std::size_t>(jobs));
  oneapi::tbb::task_arena arena(jobs);
  return arena.execute([&] {
    RunGraph graph(pipeline, plan, instrument, store, observer, options);
    std::stop_callback const cancel(options.stop, [&] { graph.stop().request_stop(); });
    return graph.run();
  });
}

}  // namespace almagest

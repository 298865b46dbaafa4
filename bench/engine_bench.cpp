#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

#include "almagest/instrument.hpp"
#include "engine/executor.hpp"
#include "engine/store.hpp"

namespace {

using namespace almagest;

/// The smallest product there is.
struct Token {
  int value = 0;
};

}  // namespace

template <>
struct almagest::ProductTraits<Token> {
  static constexpr std::string_view id = "bench.Token/1";
};

namespace {

class Make final : public Task {
 public:
  Outcome run(Context& context) const override {
    context.put(output, Token{1});
    return done;
  }
  Out<Token> output{*this, "token"};
};

class Forward final : public Task {
 public:
  Outcome run(Context& context) const override {
    context.put(output, context.take(input));
    return done;
  }
  In<Token> input{*this, "token"};
  Out<Token> output{*this, "token"};
};

class Look final : public Task {
 public:
  Outcome run(Context& context) const override {
    benchmark::DoNotOptimize(context.get(input).value);
    return done;
  }
  In<Token> input{*this, "token"};
};

class BenchInstrument final : public Instrument {
 public:
  std::string const& name() const override { return name_; }
  std::vector<DataIdKey> const& keys() const override { return keys_; }
  std::string role(std::string_view) const override { return {}; }
  ExposureId exposure_id(DataId const&) const override { return {1, 8}; }
  std::vector<Detector> const& detectors() const override { return detectors_; }
  std::filesystem::path const& directory() const override { return directory_; }
  ConfigValue const& constants() const override { return constants_; }

 private:
  std::string name_ = "bench";
  std::vector<DataIdKey> keys_{{"visit", DataIdKey::Type::integer, {}, ""},
                               {"detector", DataIdKey::Type::integer, {}, ""}};
  std::vector<Detector> detectors_;
  std::filesystem::path directory_;
  ConfigValue constants_;
};

double memory_mb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmRSS:") {
      double kb = 0.0;
      status >> kb;
      return kb / 1024.0;
    }
  return 0.0;
}

class Counter final : public RunObserver {
 public:
  explicit Counter(std::size_t all) : all_(all) {}
  void quantum_finished(QuantumReport const&) override {
    std::size_t const n = ++quanta_;
    if (n == all_ / 5) early_mb_ = memory_mb();
    if (n == all_) late_mb_ = memory_mb();
  }
  double growth_mb() const { return late_mb_ - early_mb_; }

 private:
  std::size_t all_;
  std::atomic<std::size_t> quanta_{0};
  double early_mb_ = 0.0, late_mb_ = 0.0;
};

int add_step(Pipeline& pipeline, std::unique_ptr<Task> task) {
  Step step;
  step.name = "step" + std::to_string(pipeline.steps.size());
  step.versions.assign(task->ports().size(), -1);
  step.task = std::move(task);
  pipeline.steps.push_back(std::move(step));
  return static_cast<int>(pipeline.steps.size()) - 1;
}

/// The version that a step writes; `read` is the one it reads, or −1.
int connect(Pipeline& pipeline, int s, int read) {
  Step& step = pipeline.steps[static_cast<std::size_t>(s)];
  int written = -1;
  for (Port const* port : step.task->ports()) {
    if (port->is_input()) {
      step.versions[port->index()] = read;
      continue;
    }
    Version version;
    version.label = "token";
    version.product_id = port->product_id();
    version.writer = s;
    version.previous = read;
    written = step.versions[port->index()] = static_cast<int>(pipeline.versions.size());
    pipeline.versions.push_back(std::move(version));
  }
  return written;
}

/// make ─► forward ─► forward ─► … : `length` steps.
Pipeline chain(int length) {
  Pipeline pipeline;
  int version = connect(pipeline, add_step(pipeline, std::make_unique<Make>()), -1);
  for (int i = 1; i < length; ++i)
    version = connect(pipeline, add_step(pipeline, std::make_unique<Forward>()), version);
  return pipeline;
}

/// make ─► 8 readers at once.
Pipeline fan() {
  Pipeline pipeline;
  int const version = connect(pipeline, add_step(pipeline, std::make_unique<Make>()), -1);
  for (int i = 0; i < 8; ++i)
    connect(pipeline, add_step(pipeline, std::make_unique<Look>()), version);
  return pipeline;
}

/// 100 000 quanta of tasks that do nothing: what is left is the engine.
void run_quanta(benchmark::State& state, Pipeline const& pipeline, int jobs) {
  constexpr std::size_t quanta = 100'000;
  std::size_t const units = quanta / pipeline.steps.size();
  std::vector<UnitCandidate> candidates;
  for (std::size_t u = 0; u < units; ++u)
    candidates.push_back(
        {DataId{{"visit", static_cast<std::int64_t>(u)}, {"detector", std::int64_t{0}}}, {}});
  BenchInstrument const instrument;
  RunPlan const plan = plan_run(pipeline, candidates, instrument,
                                [](Output const&, DataId const&, auto const&) { return true; });
  EmptyStore store;
  ExecutorOptions options;
  options.jobs = jobs;
  double growth_mb = 0.0;
  for (auto _ : state) {
    Counter counter(units * pipeline.steps.size());
    execute(pipeline, plan, instrument, store, counter, options);
    growth_mb = counter.growth_mb();
  }
  auto const done = static_cast<double>(units * pipeline.steps.size());
  state.counters["per_quantum"] = benchmark::Counter(
      done, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["growth_mb"] = growth_mb;
}

void chain_of_10(benchmark::State& state) {
  run_quanta(state, chain(10), static_cast<int>(state.range(0)));
}
void single_step(benchmark::State& state) {
  run_quanta(state, chain(1), static_cast<int>(state.range(0)));
}
void fan_of_8(benchmark::State& state) {
  run_quanta(state, fan(), static_cast<int>(state.range(0)));
}

BENCHMARK(chain_of_10)->Arg(1)->Arg(2)->Arg(8)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(single_step)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(fan_of_8)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

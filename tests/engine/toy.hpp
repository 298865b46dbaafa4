#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "almagest/instrument.hpp"
#include "almagest/shared_buffer.hpp"
#include "almagest/task.hpp"
#include "engine/executor.hpp"
#include "engine/pipeline.hpp"
#include "engine/store.hpp"

/// Toys for the tests of the engine: a product that counts its copies, tasks made of a function,
/// pipelines made by hand, a store in memory, an observer that remembers.
namespace toy {

using namespace almagest;

/// A number, with pixels if wanted, which counts how often it is copied and how many are alive.
class Number {
 public:
  explicit Number(double v = 0.0) : value(v) { ++counts().alive; }
  Number(Number const& other) : value(other.value), pixels(other.pixels) {
    ++counts().alive;
    ++counts().copies;
  }
  Number(Number&& other) noexcept : value(other.value), pixels(std::move(other.pixels)) {
    ++counts().alive;
  }
  Number& operator=(Number const&) = default;
  Number& operator=(Number&&) noexcept = default;
  ~Number() { --counts().alive; }

  struct Counts {
    std::atomic<int> copies{0}, alive{0};
  };
  static Counts& counts() {
    static Counts all;
    return all;
  }

  double value;
  SharedBuffer pixels;
};

}  // namespace toy

template <>
struct almagest::ProductTraits<toy::Number> {
  static constexpr std::string_view id = "toy.Number/1";
};

namespace toy {

class ToyTask;

/// What a toy's function sees: the context, with ports by name.
class Toy {
 public:
  Toy(ToyTask const& task, Context& context) : task_(task), context_(context) {}
  Context& context() const { return context_; }
  double get(std::string const& port);
  std::optional<double> maybe(std::string const& port);
  Number take(std::string const& port);
  std::vector<Gathered<Number>> gather(std::string const& port);
  void put(std::string const& port, double value) { put(port, Number(value)); }
  void put(std::string const& port, Number value);
  std::int64_t key(std::string const& name) { return context_.id().integer(name); }

 private:
  ToyTask const& task_;
  Context& context_;
};

struct Ports {
  std::vector<std::string> in, out, maybe = {}, gather = {}, resources = {};
};

using Body = std::function<Outcome(Toy&)>;

class ToyTask final : public Task {
 public:
  ToyTask(Ports const& ports, Body body) : body_(std::move(body)) {
    for (auto const& name : ports.in) in.emplace(name, std::make_unique<In<Number>>(*this, name));
    for (auto const& name : ports.maybe)
      maybe.emplace(name, std::make_unique<MaybeIn<Number>>(*this, name));
    for (auto const& name : ports.gather)
      gather.emplace(name, std::make_unique<GatherIn<Number>>(*this, name));
    for (auto const& name : ports.out)
      out.emplace(name, std::make_unique<Out<Number>>(*this, name));
    for (auto const& name : ports.resources)
      resource.push_back(std::make_unique<Resource>(*this, name));
  }
  Outcome run(Context& context) const override {
    Toy toy(*this, context);
    return body_(toy);
  }

  std::map<std::string, std::unique_ptr<In<Number>>> in;
  std::map<std::string, std::unique_ptr<MaybeIn<Number>>> maybe;
  std::map<std::string, std::unique_ptr<GatherIn<Number>>> gather;
  std::map<std::string, std::unique_ptr<Out<Number>>> out;
  std::vector<std::unique_ptr<Resource>> resource;
  Metric<double> level{*this, "level", "adu", "What the toy found"};

 private:
  Body body_;
};

inline double Toy::get(std::string const& port) {
  return context_.get(*task_.in.at(port)).value;
}
inline std::optional<double> Toy::maybe(std::string const& port) {
  Number const* number = context_.get(*task_.maybe.at(port));
  return number ? std::optional(number->value) : std::nullopt;
}
inline Number Toy::take(std::string const& port) {
  return context_.take(*task_.in.at(port));
}
inline std::vector<Gathered<Number>> Toy::gather(std::string const& port) {
  return context_.get(*task_.gather.at(port));
}
inline void Toy::put(std::string const& port, Number value) {
  context_.put(*task_.out.at(port), std::move(value));
}

/// Two integer keys and a text key with an order of its own.
class ToyInstrument final : public Instrument {
 public:
  std::string const& name() const override { return name_; }
  std::vector<DataIdKey> const& keys() const override { return keys_; }
  std::string role(std::string_view role) const override {
    if (role == "band") return "filter";
    return role == "visit" || role == "detector" ? std::string(role) : "";
  }
  ExposureId exposure_id(DataId const&) const override { return {1, 8}; }
  std::vector<Detector> const& detectors() const override { return detectors_; }
  std::filesystem::path const& directory() const override { return directory_; }
  ConfigValue const& constants() const override { return constants_; }

 private:
  std::string name_ = "toy";
  std::vector<DataIdKey> keys_{
      {"visit", DataIdKey::Type::integer, {}, "exposure"},
      {"detector", DataIdKey::Type::integer, {}, "CCD"},
      {"filter", DataIdKey::Type::text, {"u", "g", "r", "i", "z"}, "filter"}};
  std::vector<Detector> detectors_;
  std::filesystem::path directory_;
  ConfigValue constants_;
};

inline DataId visit_id(std::int64_t visit) {
  return {{"visit", visit}};
}
inline DataId detector_id(std::int64_t visit, std::int64_t detector) {
  return {{"visit", visit}, {"detector", detector}};
}

/// How a step of a hand-made pipeline differs from the plain case.
struct How {
  std::map<std::string, std::string> labels = {};  ///< port → label, where they differ
  std::vector<std::string> per = {};
  std::string when = {};
  bool keep_going = false;
};

/// A pipeline without TOML: steps in order, each reading labels as last written above it.
class ToyPipeline {
 public:
  /// Adds a step. A label that nobody has written is read from the store.
  ToyPipeline& step(std::string const& name, Ports const& ports, Body body, How const& how = {}) {
    Step step;
    step.name = name;
    step.use = "toy/" + name;
    step.per = how.per;
    step.on_failure = how.keep_going ? OnFailure::keep_going : OnFailure::block;
    if (!how.when.empty()) step.when = Expression::parse(how.when, {"toy.toml", 1, 1});
    step.task = std::make_unique<ToyTask>(ports, std::move(body));
    step.versions.assign(step.task->ports().size(), -1);
    int const s = static_cast<int>(pipeline.steps.size());
    auto const label_of = [&](Port const& port) {
      auto const renamed = how.labels.find(port.name());
      return renamed == how.labels.end() ? port.name() : renamed->second;
    };
    for (Port const* port : step.task->ports())
      if (port->is_input()) {
        int const v = current(label_of(*port));
        step.versions[port->index()] = v;
        pipeline.versions[static_cast<std::size_t>(v)].readers.push_back(s);
      }
    for (Port const* port : step.task->ports())
      if (!port->is_input()) step.versions[port->index()] = write(label_of(*port), s);
    pipeline.steps.push_back(std::move(step));
    return *this;
  }

  /// Stores a label as it stands now, under its own name or another one.
  ToyPipeline& output(std::string const& label, std::string const& dataset = {}, bool keep = true) {
    int const v = current(label);
    pipeline.versions[static_cast<std::size_t>(v)].outputs.push_back(
        static_cast<int>(pipeline.outputs.size()));
    Output output;
    output.dataset = dataset.empty() ? label : dataset;
    output.version = v;
    output.keep = keep;
    pipeline.outputs.push_back(std::move(output));
    return *this;
  }

  Pipeline pipeline;

 private:
  int add(Version version) {
    current_[version.label] = static_cast<int>(pipeline.versions.size());
    version.product_id = ProductTraits<Number>::id;
    pipeline.versions.push_back(std::move(version));
    return static_cast<int>(pipeline.versions.size()) - 1;
  }
  int current(std::string const& label) {
    if (auto const known = current_.find(label); known != current_.end()) return known->second;
    Version version;
    version.label = version.dataset = label;
    return add(std::move(version));
  }
  int write(std::string const& label, int step) {
    Version version;
    version.label = label;
    version.writer = step;
    if (auto const known = current_.find(label); known != current_.end())
      version.previous = known->second;
    return add(std::move(version));
  }

  std::map<std::string, int> current_;
};

/// Datasets in memory. Like files, they share nothing with the products that were stored.
class MemoryStore final : public ProductStore {
 public:
  using Key = std::pair<std::string, std::string>;  // dataset, data ID

  void give(std::string const& dataset, DataId const& id, double value) {
    numbers_.insert_or_assign({dataset, id.str()}, Number(value));
  }
  std::optional<double> find(std::string const& dataset, DataId const& id) const {
    std::lock_guard lock(mutex_);
    auto const found = numbers_.find({dataset, id.str()});
    return found == numbers_.end() ? std::nullopt : std::optional(found->second.value);
  }
  std::size_t count(std::string const& dataset) const {
    std::lock_guard lock(mutex_);
    std::size_t n = 0;
    for (auto const& entry : numbers_) n += entry.first.first == dataset ? 1 : 0;
    return n;
  }

  std::unique_ptr<UnitStore> unit(DataId const& id) override {
    return std::make_unique<Access>(*this, id);
  }
  AnyProduct load(std::string const& dataset, std::string const&, DataId const& id,
                  std::optional<Box> const&) override {
    std::lock_guard lock(mutex_);
    ++loads;
    auto const found = numbers_.find({dataset, id.str()});
    if (found == numbers_.end()) throw NotFoundError("no '" + dataset + "' for " + id.str());
    return AnyProduct::make(Number(found->second));
  }

  std::function<void(Output const&, DataId const&)> on_store;  ///< slow or broken writers
  std::atomic<int> loads{0};
  std::map<Key, std::string> failed_steps;  ///< what Output::options said
  std::set<Key> removed, members_read;

 private:
  class Access final : public UnitStore {
   public:
    Access(MemoryStore& owner, DataId id) : owner_(owner), id_(std::move(id)) {}
    AnyProduct load(std::string const& dataset, std::string const& product_id) override {
      return owner_.load(dataset, product_id, id_, {});
    }
    bool exists(std::string const& dataset) override {
      return owner_.find(dataset, id_).has_value();
    }
    void store(Output const& output, std::string const&, AnyProduct const& product,
               Step const&) override {
      if (owner_.on_store) owner_.on_store(output, id_);
      std::lock_guard lock(owner_.mutex_);
      Key const key{output.dataset, id_.str()};
      owner_.numbers_.insert_or_assign(key, Number(product.get<Number>().value));
      if (ConfigValue const* failed = output.options.find("failed_steps"))
        owner_.failed_steps[key] = to_toml(*failed);
    }
    void remove(Output const& output) override {
      std::lock_guard lock(owner_.mutex_);
      owner_.numbers_.erase({output.dataset, id_.str()});
      owner_.removed.insert({output.dataset, id_.str()});
    }
    void member_read(std::string const& dataset, DataId const& member) override {
      std::lock_guard lock(owner_.mutex_);
      owner_.members_read.insert({id_.str(), dataset + " " + member.str()});
    }

   private:
    MemoryStore& owner_;
    DataId id_;
  };

  mutable std::mutex mutex_;
  std::map<Key, Number> numbers_;
};

/// Remembers every report, by step name and data ID.
class Recorder final : public RunObserver {
 public:
  explicit Recorder(Pipeline const& pipeline) : pipeline_(pipeline) {}

  void unit_started(DataId const& id) override {
    std::lock_guard lock(mutex_);
    started.push_back(id.str());
  }
  void unit_finished(DataId const& id, bool ok) override {
    std::lock_guard lock(mutex_);
    finished[id.str()] = ok;
  }
  void quantum_finished(QuantumReport const& report) override {
    std::lock_guard lock(mutex_);
    std::string const& step = pipeline_.steps[static_cast<std::size_t>(report.step)].name;
    repeated = !reports.emplace(std::pair(step, report.id.str()), report).second || repeated;
  }

  /// "ok", "failed: why", "up_to_date", … or "" when there was no such quantum.
  std::string of(std::string const& step, DataId const& id) const {
    auto const found = reports.find({step, id.str()});
    if (found == reports.end()) return "";
    QuantumReport const& report = found->second;
    if (report.up_to_date) return "up_to_date";
    std::string const state = to_string(report.state);
    return report.message.empty() ? state : state + ": " + report.message;
  }
  std::size_t count(std::string const& step, QuantumState state) const {
    std::size_t n = 0;
    for (auto const& [key, report] : reports)
      n += key.first == step && report.state == state && !report.up_to_date ? 1 : 0;
    return n;
  }

  std::vector<std::string> started;
  std::map<std::string, bool> finished;
  std::map<std::pair<std::string, std::string>, QuantumReport> reports;
  bool repeated = false;  ///< some quantum was reported twice

 private:
  Pipeline const& pipeline_;
  std::mutex mutex_;
};

/// Runs a pipeline on data IDs, as the host would.
struct ToyRun {
  explicit ToyRun(ToyPipeline const& toys) : pipeline(toys.pipeline), recorder(toys.pipeline) {}

  ToyRun& on(std::vector<DataId> const& ids) {
    for (DataId const& id : ids) candidates.push_back({id, {}});
    return *this;
  }
  RunPlan plan() const { return plan_run(pipeline, candidates, instrument, stale); }
  RunSummary run() { return execute(pipeline, plan(), instrument, store, recorder, options); }
  std::string of(std::string const& step, DataId const& id) const { return recorder.of(step, id); }

  Pipeline const& pipeline;
  ToyInstrument instrument;
  MemoryStore store;
  Recorder recorder;
  ExecutorOptions options;
  std::vector<UnitCandidate> candidates;
  std::function<bool(Output const&, DataId const&, std::vector<DataId> const&)> stale =
      [](Output const&, DataId const&, std::vector<DataId> const&) { return true; };
};

/// visits 1..n
inline std::vector<DataId> visits(std::int64_t n) {
  std::vector<DataId> ids;
  for (std::int64_t v = 1; v <= n; ++v) ids.push_back(visit_id(v));
  return ids;
}

}  // namespace toy

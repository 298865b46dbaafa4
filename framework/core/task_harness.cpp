#include "almagest/task_harness.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>
#include <set>
#include <system_error>

#include "almagest/exposure.hpp"
#include "almagest/instrument.hpp"

namespace almagest {
namespace {

/// A camera of one detector, with no obs package behind it.
class TestInstrument final : public Instrument {
 public:
  std::string const& name() const override { return name_; }
  std::vector<DataIdKey> const& keys() const override { return keys_; }
  std::string role(std::string_view role) const override {
    if (role == "exposure" || role == "visit") return "visit";
    return role == "detector" ? "detector" : "";
  }
  ExposureId exposure_id(DataId const& id) const override {
    constexpr std::int64_t most_detectors = 1000;
    constexpr int bits = 37;  // leaves 26 for the sources
    return {id.integer("visit") * most_detectors + id.integer("detector"), bits};
  }
  std::vector<Detector> const& detectors() const override { return detectors_; }
  std::filesystem::path const& directory() const override { return directory_; }
  ConfigValue const& constants() const override { return constants_; }

 private:
  std::string name_ = "test";
  std::vector<DataIdKey> keys_{{"visit", DataIdKey::Type::integer, {}, "Number of the exposure"},
                               {"detector", DataIdKey::Type::integer, {}, "Number of the CCD"}};
  std::vector<Detector> detectors_{{.name = "detector 0", .box = Box{0, 0, 100, 100}}};
  std::filesystem::path directory_;
  ConfigValue constants_;
};

/// Offers nothing, and says why.
class NoComponents final : public ComponentSource {
 public:
  std::unique_ptr<Component> make(std::string_view, std::string const& name) const override {
    throw ConfigError("component '" + name + "': the harness was given no components");
  }
  std::vector<std::string> names(std::string_view) const override { return {}; }
};

class LineLog final : public Log {
 public:
  void write(LogLevel level, std::string_view message) override {
    constexpr char const* names[] = {"trace", "debug", "info", "warning", "error"};
    lines.push_back(names[static_cast<std::size_t>(level)] + (": " + std::string(message)));
  }
  bool enabled(LogLevel) const override { return true; }

  std::vector<std::string> lines;
};

void require_inside(Box const& part, Box const& whole) {
  if (!whole.contains(part)) throw DataError("the box asked for is not inside the image");
}

MaskedImage cutout(MaskedImage const& whole, Box const& box) {
  MaskedImage part;
  part.image = whole.image.cutout(box);
  part.mask = Mask(whole.mask.image().cutout(box), whole.mask.planes());
  part.variance = whole.variance.cutout(box);
  return part;
}

Exposure cutout(Exposure const& whole, Box const& box) {
  Exposure part = whole;
  part.masked_image() = cutout(whole.masked_image(), box);
  return part;
}

template <class T>
Image<T> cutout(Image<T> const& whole, Box const& box) {
  return whole.cutout(box);
}

/// The pixels inside a box, for products that have pixels; nothing for any other product.
template <Product T>
std::optional<AnyProduct> cutout_as(AnyProduct const& product, Box const& box) {
  if (product.id() != ProductTraits<T>::id) return std::nullopt;
  T const& whole = product.get<T>();
  require_inside(box, whole.bbox());
  return AnyProduct::make(cutout(whole, box));
}

class Member final : public GatheredItem {
 public:
  Member(DataId id, AnyProduct product) : id_(std::move(id)), product_(std::move(product)) {}
  Member(DataId id, QuantumState state, std::string reason)
      : id_(std::move(id)), state_(state), reason_(std::move(reason)) {}

  DataId const& id() const override { return id_; }
  QuantumState state() const override { return state_; }
  std::string const& reason() const override { return reason_; }
  AnyProduct load() const override {
    if (state_ != QuantumState::ok)
      throw ProductError("member '" + id_.str() + "' has no product: it is " + to_string(state_) +
                         " (" + reason_ + ")");
    return product_;
  }
  AnyProduct load(Box const& box) const override {
    AnyProduct whole = load();
    if (auto part = cutout_as<Exposure>(whole, box)) return *part;
    if (auto part = cutout_as<MaskedImage>(whole, box)) return *part;
    if (auto part = cutout_as<Image<float>>(whole, box)) return *part;
    if (auto part = cutout_as<Image<std::uint16_t>>(whole, box)) return *part;
    return whole;
  }

 private:
  DataId id_;
  QuantumState state_ = QuantumState::ok;
  std::string reason_;
  AnyProduct product_;
};

/// A new directory for each quantum that asks for one.
class Scratch {
 public:
  Scratch() = default;
  Scratch(Scratch const&) = delete;
  Scratch& operator=(Scratch const&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }

  std::filesystem::path const& path() {
    if (path_.empty()) {
      std::string name = (std::filesystem::temp_directory_path() / "almagest-XXXXXX").string();
      if (!::mkdtemp(name.data())) throw DataError("cannot make a scratch directory: " + name);
      path_ = name;
    }
    return path_;
  }

 private:
  std::filesystem::path path_;
};

/// FNV-1a, 64 bits: the same number for the same text on every machine.
std::uint64_t hash(std::string_view text) noexcept {
  std::uint64_t h = 14695981039346656037U;
  for (char const c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return h;
}

template <class Map>
std::string hint(std::string const& name, Map const& map) {
  std::vector<std::string> known;
  known.reserve(map.size());
  for (auto const& entry : map) known.push_back(entry.first);
  return nearest_name_hint(name, known);
}

}  // namespace

/// What the task was given and what it made, by port name.
struct TaskHarness::State {
  std::unique_ptr<Task> task;
  std::shared_ptr<Instrument const> instrument = std::make_shared<TestInstrument>();
  DataId id{{"visit", std::int64_t{1}}, {"detector", std::int64_t{0}}};
  std::map<std::string, AnyProduct> inputs;
  std::map<std::string, std::vector<Member>> members;
  bool prepared = false;
  std::map<std::string, Schema> schemas;
  std::map<std::string, AnyProduct> outputs;
  std::map<std::string, double> metrics;
  LineLog log;

  Port const& port(std::string const& name, bool input) const {
    std::vector<std::string> known;
    for (Port const* port : task->ports()) {
      if (port->is_input() != input) continue;
      if (port->name() == name) return *port;
      known.push_back(port->name());
    }
    throw ConfigError(std::string("the task has no ") + (input ? "input" : "output") + " '" + name +
                      "'" + nearest_name_hint(name, known));
  }

  /// An input port that takes products of this kind.
  Port const& input_for(std::string const& name, bool gathering, AnyProduct const* product) const {
    Port const& found = port(name, true);
    if ((found.kind() == Port::Kind::gather_in) != gathering)
      throw ConfigError("input '" + name +
                        (gathering ? "' gathers nothing: use give()"
                                   : "' gathers: use give_member() for each member"));
    if (product && product->id() != found.product_id())
      throw ProductError("input '" + name + "' takes '" + found.product_id() + "', got '" +
                         std::string(product->id()) + "'");
    return found;
  }
};

namespace {

/// The schemas of what was given, before anything runs.
class TestSetup final : public Setup {
 public:
  using FindSchema = std::function<Schema const*(Port const&)>;
  TestSetup(Instrument const& instrument, Log& log, FindSchema find,
            std::map<std::string, Schema>& declared)
      : instrument_(instrument), log_(log), find_(std::move(find)), declared_(declared) {}

  Instrument const& instrument() const override { return instrument_; }
  Log& log() override { return log_; }

 protected:
  Schema const* find_schema(Port const& port) const override { return find_(port); }
  void output_schema(Port const& port, Schema schema) override {
    declared_[port.name()] = std::move(schema);
  }

 private:
  Instrument const& instrument_;
  Log& log_;
  FindSchema find_;
  std::map<std::string, Schema>& declared_;
};

/// One quantum, run by the calling thread alone.
class TestContext final : public Context {
 public:
  TestContext(DataId const& id, Instrument const& instrument, Log& log,
              std::map<std::string, AnyProduct> const& inputs,
              std::map<std::string, std::vector<Member>> const& members,
              std::map<std::string, Schema> const& schemas,
              std::map<std::string, AnyProduct>& outputs, std::map<std::string, double>& metrics)
      : id_(id),
        instrument_(instrument),
        log_(log),
        inputs_(inputs),
        schemas_(schemas),
        outputs_(outputs),
        metrics_(metrics) {
    for (auto const& [port, items] : members) {
      auto& sorted = members_[port];
      for (Member const& item : items) sorted.push_back(&item);
      std::ranges::stable_sort(sorted, [&](GatheredItem const* a, GatheredItem const* b) {
        return instrument_.id_less(a->id(), b->id());
      });
    }
  }

  DataId const& id() const override { return id_; }
  Instrument const& instrument() const override { return instrument_; }
  Log& log() override { return log_; }
  void parallel_for(std::size_t n, std::size_t grain,
                    std::function<void(std::size_t, std::size_t)> const& body) override {
    std::size_t const step = std::max<std::size_t>(grain, 1);
    for (std::size_t begin = 0; begin < n; begin += std::min(step, n - begin))
      body(begin, begin + std::min(step, n - begin));
  }
  std::stop_token stop() const override { return {}; }
  std::filesystem::path scratch() override { return scratch_.path(); }
  std::uint64_t seed() const override { return hash(id_.str()); }

 protected:
  AnyProduct const& product(Port const& port) override {
    if (taken_.contains(port.name()))
      throw ProductError("input '" + port.name() + "' was taken already: its product is gone");
    if (auto const found = inputs_.find(port.name()); found != inputs_.end()) return found->second;
    if (port.kind() != Port::Kind::maybe_in)
      throw ProductError("nothing was given for input '" + port.name() + "'");
    return nothing_;
  }

  // take() copies here, so that the harness can run again with the same inputs; but a task that
  // reads what it has taken fails here as it would in the engine. Only take() asks this question.
  bool last_reader(Port const& port) const override {
    taken_.insert(port.name());
    return false;
  }
  AnyProduct surrender(Port const& port) override {
    throw ProductError("input '" + port.name() + "' has other readers");
  }

  std::vector<GatheredItem const*> const& members(Port const& port) override {
    return members_[port.name()];
  }

  void store(Port const& port, AnyProduct product) override {
    auto const declared = schemas_.find(port.name());
    bool const catalogue = product.id() == ProductTraits<SourceCatalog>::id;
    if (catalogue && declared != schemas_.end() &&
        product.get<SourceCatalog>().schema() != declared->second)
      throw ProductError("output '" + port.name() +
                         "' has other columns than prepare() has declared");
    if (!outputs_.emplace(port.name(), std::move(product)).second)
      throw ProductError("output '" + port.name() + "' was put twice");
  }

  void record_metric(MetricBase const& metric, Value value) override {
    auto const* whole = std::get_if<std::int64_t>(&value);
    metrics_[metric.name()] = whole ? static_cast<double>(*whole) : std::get<double>(value);
  }

 private:
  DataId const& id_;
  Instrument const& instrument_;
  Log& log_;
  std::map<std::string, AnyProduct> const& inputs_;
  std::map<std::string, Schema> const& schemas_;
  std::map<std::string, AnyProduct>& outputs_;
  std::map<std::string, double>& metrics_;
  std::map<std::string, std::vector<GatheredItem const*>> members_;
  mutable std::set<std::string> taken_;
  AnyProduct const nothing_;
  Scratch scratch_;
};

}  // namespace

TaskHarness::TaskHarness(std::unique_ptr<Task> task, Values const& parameters,
                         ComponentSource const* components)
    : state_(std::make_unique<State>()) {
  state_->task = std::move(task);
  ConfigValue table;
  for (auto const& [name, value] : parameters) table.set(name, value);
  Problems problems;
  NoComponents const none;
  state_->task->configure(table, "the task", components ? *components : none, problems);
  problems.raise();
}

TaskHarness::~TaskHarness() = default;

void TaskHarness::give_any(std::string const& port, AnyProduct product) {
  state_->input_for(port, false, &product);
  state_->inputs[port] = std::move(product);
}

void TaskHarness::give_member_any(std::string const& port, DataId const& id, AnyProduct product) {
  state_->input_for(port, true, &product);
  state_->members[port].emplace_back(id, std::move(product));
}

void TaskHarness::give_missing_member(std::string const& port, DataId const& id, QuantumState state,
                                      std::string reason) {
  state_->input_for(port, true, nullptr);
  state_->members[port].emplace_back(id, state, std::move(reason));
}

void TaskHarness::set_id(DataId id) {
  state_->id = std::move(id);
}

void TaskHarness::set_instrument(std::shared_ptr<Instrument const> instrument) {
  state_->instrument = std::move(instrument);
}

Outcome TaskHarness::run() {
  State& s = *state_;
  if (!s.prepared) {
    auto const find_schema = [&s](Port const& port) -> Schema const* {
      if (port.product_id() != ProductTraits<SourceCatalog>::id) return nullptr;
      if (auto const found = s.inputs.find(port.name()); found != s.inputs.end())
        return &found->second.get<SourceCatalog>().schema();
      for (Member const& member : s.members[port.name()])
        if (member.state() == QuantumState::ok) return &member.load().get<SourceCatalog>().schema();
      return nullptr;
    };
    TestSetup setup(*s.instrument, s.log, find_schema, s.schemas);
    s.task->prepare(setup);
    s.prepared = true;
  }
  s.outputs.clear();
  s.metrics.clear();
  TestContext context(s.id, *s.instrument, s.log, s.inputs, s.members, s.schemas, s.outputs,
                      s.metrics);
  return s.task->run(context);
}

AnyProduct const& TaskHarness::result_any(std::string const& port) const {
  state_->port(port, false);
  auto const found = state_->outputs.find(port);
  if (found == state_->outputs.end())
    throw ProductError("the task put nothing into output '" + port + "'");
  return found->second;
}

bool TaskHarness::has_result(std::string const& port) const {
  state_->port(port, false);
  return state_->outputs.contains(port);
}

double TaskHarness::metric(std::string const& name) const {
  auto const found = state_->metrics.find(name);
  if (found == state_->metrics.end())
    throw ProductError("the task recorded no metric '" + name + "'" + hint(name, state_->metrics));
  return found->second;
}

Schema const& TaskHarness::schema(std::string const& port) const {
  state_->port(port, false);
  auto const found = state_->schemas.find(port);
  if (found == state_->schemas.end())
    throw ProductError("the task declared no columns for output '" + port + "'");
  return found->second;
}

std::vector<std::string> const& TaskHarness::log_lines() const {
  return state_->log.lines;
}

std::unique_ptr<Component> ComponentTable::make(std::string_view interface,
                                                std::string const& name) const {
  if (auto const makers = makers_.find(interface); makers != makers_.end())
    if (auto const maker = makers->second.find(name); maker != makers->second.end())
      return maker->second();
  throw ConfigError("there is no " + std::string(interface) + " '" + name + "'" +
                    nearest_name_hint(name, names(interface)));
}

std::vector<std::string> ComponentTable::names(std::string_view interface) const {
  std::vector<std::string> all;
  if (auto const makers = makers_.find(interface); makers != makers_.end())
    for (auto const& [name, maker] : makers->second) all.push_back(name);
  return all;
}

}  // namespace almagest

#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "almagest/components.hpp"
#include "almagest/configurable.hpp"
#include "almagest/data_id.hpp"
#include "almagest/geometry.hpp"
#include "almagest/log.hpp"
#include "almagest/product.hpp"
#include "almagest/source_catalog.hpp"

namespace almagest {

class Context;
class Instrument;
class Setup;
class Task;

/// What became of one quantum.
enum class QuantumState { ok, skipped, failed, blocked };
char const* to_string(QuantumState state) noexcept;

/// What run() reports: done, or skipped with a reason. A failure is an exception.
struct Outcome {
  std::string skip_reason;  ///< empty = done
  bool skipped() const noexcept { return !skip_reason.empty(); }
};
inline Outcome const done{};
Outcome skip(std::string reason);

/// An input or output of a task. Its label in the pipeline defaults to its name.
class Port {
 public:
  enum class Kind { in, maybe_in, gather_in, out };

  Port(Task& owner, Kind kind, std::string name, std::string_view product_id, std::string doc);
  Port(Port const&) = delete;
  Port& operator=(Port const&) = delete;

  Kind kind() const noexcept { return kind_; }
  bool is_input() const noexcept { return kind_ != Kind::out; }
  std::string const& name() const noexcept { return name_; }
  std::string const& product_id() const noexcept { return product_id_; }
  std::string const& doc() const noexcept { return doc_; }
  std::size_t index() const noexcept { return index_; }  ///< position in Task::ports()

 private:
  Kind kind_;
  std::string name_;
  std::string product_id_;
  std::string doc_;
  std::size_t index_;
};

/// An input that must be there: without it the task does not run.
template <Product T>
struct In : Port {
  In(Task& owner, std::string name, std::string doc = {})
      : Port(owner, Kind::in, std::move(name), ProductTraits<T>::id, std::move(doc)) {}
};

/// An input that may be absent: empty when its writer was skipped or nothing stored it.
template <Product T>
struct MaybeIn : Port {
  MaybeIn(Task& owner, std::string name, std::string doc = {})
      : Port(owner, Kind::maybe_in, std::move(name), ProductTraits<T>::id, std::move(doc)) {}
};

/// An input collected over the members of a group (`per = …`).
template <Product T>
struct GatherIn : Port {
  GatherIn(Task& owner, std::string name, std::string doc = {})
      : Port(owner, Kind::gather_in, std::move(name), ProductTraits<T>::id, std::move(doc)) {}
};

template <Product T>
struct Out : Port {
  Out(Task& owner, std::string name, std::string doc = {})
      : Port(owner, Kind::out, std::move(name), ProductTraits<T>::id, std::move(doc)) {}
};

/// One number per quantum, kept in the registry and in the metadata file. NaN is stored as missing.
class MetricBase {
 public:
  MetricBase(Task& owner, std::string name, std::string unit, std::string doc);
  MetricBase(MetricBase const&) = delete;
  MetricBase& operator=(MetricBase const&) = delete;
  std::string const& name() const noexcept { return name_; }
  std::string const& unit() const noexcept { return unit_; }
  std::string const& doc() const noexcept { return doc_; }

 private:
  std::string name_, unit_, doc_;
};

template <class T>
requires std::same_as<T, double> || std::same_as<T, std::int64_t>
struct Metric : MetricBase {
  using MetricBase::MetricBase;
};

/// Something of which only so many may be used at once; capacities stand in `[run] resources`
/// (1 where none is given). A task holds all of its resources while it runs.
class Resource {
 public:
  Resource(Task& owner, std::string name);
  Resource(Resource const&) = delete;
  Resource& operator=(Resource const&) = delete;
  std::string const& name() const noexcept { return name_; }

 private:
  std::string name_;
};

/// One step of a pipeline. Parameters and ports are its members; run() serves every data ID, from
/// many threads.
class Task : public Configurable {
 public:
  ~Task() override;

  /// Called once per run, in step order, by one thread, after the parameters are set: checks
  /// parameters together, reads the schemas of input catalogues and declares those of outputs.
  /// \throws ConfigError when the parameters do not fit together
  virtual void prepare(Setup& setup);

  /// Processes one data ID. An exception fails this quantum and nothing else.
  virtual Outcome run(Context& context) const = 0;

  std::vector<Port const*> const& ports() const noexcept { return ports_; }
  std::vector<MetricBase const*> const& metrics() const noexcept { return metrics_; }
  std::vector<Resource const*> const& resources() const noexcept { return resources_; }

 private:
  friend class Port;
  friend class MetricBase;
  friend class Resource;
  std::vector<Port const*> ports_;
  std::vector<MetricBase const*> metrics_;
  std::vector<Resource const*> resources_;
};

/// What a task sees before anything runs.
class Setup {
 public:
  virtual ~Setup();
  virtual Instrument const& instrument() const = 0;
  virtual Log& log() = 0;

  /// The columns of an input catalogue.
  /// \throws ConfigError when its schema is not known (nothing in this run makes it and none is
  /// stored)
  Schema const& schema(In<SourceCatalog> const& port) const { return input_schema(port); }
  /// The columns of an optional input catalogue, or nullptr.
  Schema const* schema(MaybeIn<SourceCatalog> const& port) const { return find_schema(port); }
  Schema const& schema(GatherIn<SourceCatalog> const& port) const { return input_schema(port); }

  /// Declares the columns of an output catalogue.
  void declare(Out<SourceCatalog> const& port, Schema schema) {
    output_schema(port, std::move(schema));
  }

 protected:
  virtual Schema const* find_schema(Port const& port) const = 0;
  virtual void output_schema(Port const& port, Schema schema) = 0;

 private:
  Schema const& input_schema(Port const& port) const;
};

/// One member of a group, as a gathering task sees it. The product may still be in its file.
class GatheredItem {
 public:
  virtual ~GatheredItem();
  virtual DataId const& id() const = 0;
  virtual QuantumState state() const = 0;  ///< ok, or why there is no product
  virtual std::string const& reason() const = 0;
  virtual AnyProduct load() const = 0;
  virtual AnyProduct load(Box const& box) const = 0;
};

/// A typed handle on a member's product: `id()`, `state()`, `get()`, `get(box)`.
template <Product T>
class Gathered {
 public:
  explicit Gathered(GatheredItem const& item) : item_(&item) {}
  DataId const& id() const { return item_->id(); }
  QuantumState state() const { return item_->state(); }
  bool ok() const { return state() == QuantumState::ok; }
  std::string const& reason() const { return item_->reason(); }
  /// \throws ProductError when state() is not ok
  T get() const { return item_->load().template get<T>(); }
  /// Only the pixels inside a box, for images and exposures.
  T get(Box const& box) const { return item_->load(box).template get<T>(); }

 private:
  GatheredItem const* item_;
};

/// What a task sees while it runs on one data ID.
class Context {
 public:
  virtual ~Context();
  virtual DataId const& id() const = 0;
  virtual Instrument const& instrument() const = 0;
  virtual Log& log() = 0;

  template <Product T>
  T const& get(In<T> const& port) {
    return product(port).template get<T>();
  }
  /// nullptr when absent
  template <Product T>
  T const* get(MaybeIn<T> const& port) {
    AnyProduct const& p = product(port);
    return p ? &p.template get<T>() : nullptr;
  }
  /// The value itself: moved when this task is the last reader, otherwise a (cheap) copy.
  template <Product T>
  T take(In<T> const& port) {
    T const& value = product(port).template get<T>();
    return last_reader(port) ? surrender(port).template release<T>() : value;
  }
  /// The group's members, in the order of their data IDs.
  template <Product T>
  std::vector<Gathered<T>> get(GatherIn<T> const& port) {
    std::vector<Gathered<T>> all;
    for (GatheredItem const* item : members(port)) all.emplace_back(*item);
    return all;
  }
  template <Product T>
  void put(Out<T> const& port, T value) {
    store(port, AnyProduct::make(std::move(value)));
  }

  void record(Metric<double> const& metric, double value) { record_metric(metric, value); }
  void record(Metric<std::int64_t> const& metric, std::int64_t value) {
    record_metric(metric, value);
  }

  /// Runs body(begin, end) over 0..n in chunks of `grain`, on idle threads too. Chunks depend on n
  /// and grain alone. This is the only way for a task to use more threads.
  virtual void parallel_for(
      std::size_t n, std::size_t grain,
      std::function<void(std::size_t begin, std::size_t end)> const& body) = 0;

  /// Requested when the run is being cancelled: long loops should look at it.
  virtual std::stop_token stop() const = 0;

  /// A directory private to this quantum, made at the first call and removed after it.
  virtual std::filesystem::path scratch() = 0;

  /// A seed that depends on the data ID alone.
  virtual std::uint64_t seed() const = 0;

 protected:
  /// The product at a port; empty for an absent optional one. Reads it from the repository when
  /// needed.
  virtual AnyProduct const& product(Port const& port) = 0;
  virtual bool last_reader(Port const& port) const = 0;
  /// The only holder of the product; the port is empty afterwards. Valid when last_reader() is
  /// true.
  virtual AnyProduct surrender(Port const& port) = 0;
  virtual std::vector<GatheredItem const*> const& members(Port const& port) = 0;
  virtual void store(Port const& port, AnyProduct product) = 0;
  virtual void record_metric(MetricBase const& metric, Value value) = 0;
};

}  // namespace almagest

#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "almagest/task.hpp"

namespace almagest {

/// Runs one task in a test, without engine, pipeline or files. run() may be called again: what was
/// given stays, results are those of the last run.
///
///     TaskHarness harness(std::make_unique<Pedestal>(), { { "level", 10.0 } });
///     harness.give("exposure", exposure);
///     CHECK(harness.run().skip_reason.empty());
///     CHECK(harness.result<Exposure>("exposure").image()(0, 0) == 90.0F);
class TaskHarness {
 public:
  using Values = std::vector<std::pair<std::string, ConfigValue>>;

  /// \param components  needed by tasks that have Components parameters; it must outlive the
  /// harness \throws ConfigError when the parameters are wrong
  explicit TaskHarness(std::unique_ptr<Task> task, Values const& parameters = {},
                       ComponentSource const* components = nullptr);
  ~TaskHarness();

  template <Product T>
  void give(std::string const& port, T value) {
    give_any(port, AnyProduct::make(std::move(value)));
  }
  /// One more member for a gathering port.
  template <Product T>
  void give_member(std::string const& port, DataId const& id, T value) {
    give_member_any(port, id, AnyProduct::make(std::move(value)));
  }
  /// A member without a product: its quantum was skipped, failed or blocked.
  void give_missing_member(std::string const& port, DataId const& id, QuantumState state,
                           std::string reason);
  /// `visit=1 detector=0` when not set.
  void set_id(DataId id);
  /// A made-up instrument with keys `visit` and `detector` when not set.
  void set_instrument(std::shared_ptr<Instrument const> instrument);

  /// prepare() at the first call, then run(). Exceptions pass through.
  Outcome run();

  template <Product T>
  T const& result(std::string const& port) const {
    return result_any(port).template get<T>();
  }
  bool has_result(std::string const& port) const;
  double metric(std::string const& name) const;
  /// The schema that the task declared for an output catalogue.
  Schema const& schema(std::string const& port) const;
  std::vector<std::string> const& log_lines() const;

 private:
  void give_any(std::string const& port, AnyProduct product);
  void give_member_any(std::string const& port, DataId const& id, AnyProduct product);
  AnyProduct const& result_any(std::string const& port) const;

  struct State;
  std::unique_ptr<State> state_;
};

/// A ComponentSource filled by hand, for tests.
class ComponentTable final : public ComponentSource {
 public:
  template <std::derived_from<Component> I, std::derived_from<I> T>
  void add(std::string name) {
    makers_[std::string(I::interface_name)][std::move(name)] = [] {
      return std::unique_ptr<Component>(std::make_unique<T>());
    };
  }
  std::unique_ptr<Component> make(std::string_view interface,
                                  std::string const& name) const override;
  std::vector<std::string> names(std::string_view interface) const override;

 private:
  std::map<std::string, std::map<std::string, std::function<std::unique_ptr<Component>()>>,
           std::less<>>
      makers_;
};

}  // namespace almagest

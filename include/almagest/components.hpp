#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "almagest/configurable.hpp"

namespace almagest {

/// Base of what a `Components` parameter chooses by name: measurement algorithms, star selectors, …
///
/// An interface derives from it and says `static constexpr std::string_view interface_name = "…";`.
class Component : public Configurable {
 public:
  ~Component() override;
};

/// Makes registered components by name; the host implements it, a test may give its own.
class ComponentSource {
 public:
  virtual ~ComponentSource();

  /// \param interface  the interface's name
  /// \param name       the short name, or `plugin/name`
  /// \throws ConfigError when no plugin, or more than one, registers that name
  virtual std::unique_ptr<Component> make(std::string_view interface,
                                          std::string const& name) const = 0;

  /// The names registered for an interface, sorted.
  virtual std::vector<std::string> names(std::string_view interface) const = 0;
};

/// Untyped part of Components: the names in use, and one configured object for each.
class ComponentsBase : public ParamBase {
 public:
  ComponentsBase(Configurable& owner, std::string name, std::string_view interface,
                 std::vector<std::string> defaults, std::string doc);
  ~ComponentsBase() override;

  /// The names in use, in order.
  std::vector<std::string> const& use() const noexcept { return use_; }
  std::string const& interface_name() const noexcept { return interface_; }

  std::string type() const override;
  std::string range() const override { return {}; }
  bool required() const override { return false; }
  ConfigValue value() const override;
  void set(ConfigValue const& value, std::string const& owner, ComponentSource const& components,
           Problems& problems) override;
  void complete(std::string const& owner, ComponentSource const& components,
                Problems& problems) override;

 protected:
  std::vector<std::unique_ptr<Component>> made_;

 private:
  std::string interface_;
  std::vector<std::string> use_;
  ConfigValue given_;  // the table as configured, kept until complete() makes the components
};

/// A parameter that names registered components of one interface and owns their configuration:
/// `algorithms.use = ["base_PsfFlux"]` chooses, `algorithms.base_PsfFlux = { … }` configures.
template <std::derived_from<Component> I>
class Components final : public ComponentsBase {
 public:
  Components(Configurable& owner, std::string name, std::vector<std::string> defaults,
             std::string doc)
      : ComponentsBase(owner, std::move(name), I::interface_name, std::move(defaults),
                       std::move(doc)) {}

  std::size_t size() const noexcept { return made_.size(); }
  I& operator[](std::size_t i) const { return static_cast<I&>(*made_[i]); }
};

}  // namespace almagest

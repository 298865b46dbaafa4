#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "almagest/config_value.hpp"

namespace almagest {

class ComponentSource;
class ParamBase;

/// Anything that is configured from TOML: a task, or a component of one. Its parameters are its
/// members.
class Configurable {
 public:
  Configurable() = default;
  virtual ~Configurable();
  Configurable(Configurable const&) = delete;
  Configurable& operator=(Configurable const&) = delete;

  /// The declared parameters, in the order of declaration.
  std::vector<ParamBase*> const& params() const noexcept { return params_; }

  /// Sets the parameters from a table and creates the components that they name.
  ///
  /// \param values  a table; keys that no parameter has are problems, with the nearest name
  /// \param owner   how messages name this object, for example "task 'overscan' (isr/overscan)"
  void configure(ConfigValue const& values, std::string const& owner,
                 ComponentSource const& components, Problems& problems);

  /// All parameters with their present values, as a table that configure() accepts.
  ConfigValue configuration() const;

 private:
  friend class ParamBase;
  std::vector<ParamBase*> params_;
};

/// What every parameter declares, whatever its type.
class ParamBase {
 public:
  ParamBase(Configurable& owner, std::string name, std::string doc);
  virtual ~ParamBase();
  ParamBase(ParamBase const&) = delete;
  ParamBase& operator=(ParamBase const&) = delete;

  std::string const& name() const noexcept { return name_; }
  std::string const& doc() const noexcept { return doc_; }

  /// The unit: what stands in brackets at the end of the description ("Level to subtract [ADU]"),
  /// or "".
  std::string unit() const;

  virtual std::string type() const = 0;   ///< "float", "list of float", "table of string", …
  virtual std::string range() const = 0;  ///< "0..100", "'a' or 'b'", or "" when anything goes
  virtual bool required() const = 0;      ///< declared without a default
  virtual ConfigValue value() const = 0;

  /// Sets the value; a wrong type or a value out of range becomes a problem that names `owner`.
  virtual void set(ConfigValue const& value, std::string const& owner,
                   ComponentSource const& components, Problems& problems) = 0;

  /// Called after all set() calls, also when no value was given (a component list makes its
  /// defaults).
  virtual void complete(std::string const& owner, ComponentSource const& components,
                        Problems& problems);

 protected:
  ParamBase(ParamBase&& other) noexcept;  ///< takes the other's place in its owner

 private:
  Configurable* owner_;
  std::string name_;
  std::string doc_;
};

/// How a C++ type is read from and written to configuration. Specialised for bool, int, int64_t,
/// double, std::string, and std::vector and std::map<std::string, …> of them.
template <class T>
struct ConfigTraits;

namespace detail {
bool read(ConfigValue const& v, bool& out);
bool read(ConfigValue const& v, int& out);
bool read(ConfigValue const& v, std::int64_t& out);
bool read(ConfigValue const& v, double& out);  // an integer is accepted
bool read(ConfigValue const& v, std::string& out);
std::string number_text(double v);
}  // namespace detail

template <class T>
requires std::same_as<T, bool> || std::same_as<T, int> || std::same_as<T, std::int64_t> ||
    std::same_as<T, double> || std::same_as<T, std::string>
struct ConfigTraits<T> {
  using Element = T;
  static std::string name() {
    if constexpr (std::same_as<T, bool>)
      return "bool";
    else if constexpr (std::same_as<T, double>)
      return "float";
    else if constexpr (std::same_as<T, std::string>)
      return "string";
    else
      return "integer";
  }
  static bool read(ConfigValue const& v, T& out) { return detail::read(v, out); }
  static ConfigValue write(T const& v) { return ConfigValue(v); }
  template <class F>
  static void each(T const& v, F const& f) {
    f(v);
  }
};

template <class T>
struct ConfigTraits<std::vector<T>> {
  using Element = typename ConfigTraits<T>::Element;
  static std::string name() { return "list of " + ConfigTraits<T>::name(); }
  static bool read(ConfigValue const& v, std::vector<T>& out) {
    if (!v.is_array()) return false;
    out.clear();
    for (ConfigValue const& element : v.array()) {
      T item{};
      if (!ConfigTraits<T>::read(element, item)) return false;
      out.push_back(std::move(item));
    }
    return true;
  }
  static ConfigValue write(std::vector<T> const& v) {
    ConfigValue::Array array;
    for (T const& item : v) array.push_back(ConfigTraits<T>::write(item));
    return array;
  }
  template <class F>
  static void each(std::vector<T> const& v, F const& f) {
    for (T const& item : v) ConfigTraits<T>::each(item, f);
  }
};

template <class T>
struct ConfigTraits<std::map<std::string, T>> {
  using Element = typename ConfigTraits<T>::Element;
  static std::string name() { return "table of " + ConfigTraits<T>::name(); }
  static bool read(ConfigValue const& v, std::map<std::string, T>& out) {
    if (!v.is_table()) return false;
    out.clear();
    for (auto const& [key, element] : v.table())
      if (!ConfigTraits<T>::read(element, out[key])) return false;
    return true;
  }
  static ConfigValue write(std::map<std::string, T> const& v) {
    ConfigValue table;
    for (auto const& [key, item] : v) table.set(key, ConfigTraits<T>::write(item));
    return table;
  }
  template <class F>
  static void each(std::map<std::string, T> const& v, F const& f) {
    for (auto const& [key, item] : v) ConfigTraits<T>::each(item, f);
  }
};

/// A parameter of a task or component, declared as a member:
///
///     Param<double> level = Param<double>{*this, "level", 1000.0, "Level to subtract
///     [ADU]"}.within(0, 1e5);
///
/// Its value is read with `*level`. Without a default the configuration must give it.
template <class T>
class Param final : public ParamBase {
 public:
  using Element = typename ConfigTraits<T>::Element;

  Param(Configurable& owner, std::string name, T default_value, std::string doc)
      : ParamBase(owner, std::move(name), std::move(doc)),
        value_(std::move(default_value)),
        given_(true) {}
  Param(Configurable& owner, std::string name, std::string doc)
      : ParamBase(owner, std::move(name), std::move(doc)), required_(true) {}
  Param(Param&&) noexcept = default;

  /// Limits the value (each element of a list or table) to the closed range lo..hi.
  Param within(Element lo, Element hi) && requires std::totally_ordered<Element> &&
      (!std::same_as<Element, std::string>) {
    low_ = lo;
    high_ = hi;
    return std::move(*this);
  }

  /// Limits the value (each element) to one of the given ones.
  Param one_of(std::vector<Element> choices) && {
    choices_ = std::move(choices);
    return std::move(*this);
  }

  T const& operator*() const noexcept { return value_; }
  T const* operator->() const noexcept { return &value_; }

  std::string type() const override { return ConfigTraits<T>::name(); }
  std::string range() const override {
    std::string text;
    if (low_)
      return to_toml(ConfigTraits<Element>::write(*low_)) + ".." +
             to_toml(ConfigTraits<Element>::write(*high_));
    for (Element const& c : choices_)
      text += (text.empty() ? "" : " or ") + to_toml(ConfigTraits<Element>::write(c));
    return text;
  }
  bool required() const override { return required_; }
  ConfigValue value() const override { return ConfigTraits<T>::write(value_); }

  void set(ConfigValue const& v, std::string const&, ComponentSource const&,
           Problems& problems) override {
    T value{};
    given_ = true;
    if (!ConfigTraits<T>::read(v, value)) {
      problems.add(v.where,
                   "parameter '" + name() + "' wants " + type() + ", got " + v.type_name());
      return;
    }
    bool good = true;
    ConfigTraits<T>::each(value, [&](Element const& e) { good = good && allowed(e); });
    if (!good) {
      problems.add(v.where,
                   "parameter '" + name() + "' must be " + range() + ", got " + to_toml(v));
      return;
    }
    value_ = std::move(value);
  }

  void complete(std::string const& owner, ComponentSource const&, Problems& problems) override {
    if (required_ && !given_)
      problems.add({}, owner + " needs parameter '" + name() + "' (" + type() + ")");
  }

 private:
  bool allowed(Element const& e) const {
    if (low_ && !(e >= *low_ && e <= *high_)) return false;  // also refuses NaN
    if (choices_.empty()) return true;
    for (Element const& c : choices_)
      if (c == e) return true;
    return false;
  }

  T value_{};
  bool required_ = false;
  bool given_ = false;
  std::optional<Element> low_, high_;
  std::vector<Element> choices_;
};

}  // namespace almagest

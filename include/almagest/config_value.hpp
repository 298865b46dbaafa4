#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "almagest/error.hpp"

namespace almagest {

/// A configuration value as the framework hands it to a parameter: no TOML type reaches a plugin.
class ConfigValue {
 public:
  using Array = std::vector<ConfigValue>;
  struct Entry;
  using Table = std::vector<Entry>;  ///< sorted by key
  using Data = std::variant<bool, std::int64_t, double, std::string, Array, Table>;

  ConfigValue();  ///< an empty table
  ConfigValue(bool v);
  ConfigValue(std::int64_t v);
  ConfigValue(int v);
  ConfigValue(double v);
  ConfigValue(std::string v);
  ConfigValue(char const* v);
  ConfigValue(Array v);
  ConfigValue(Table v);

  bool is_table() const noexcept { return std::holds_alternative<Table>(data); }
  bool is_array() const noexcept { return std::holds_alternative<Array>(data); }
  bool is_string() const noexcept { return std::holds_alternative<std::string>(data); }

  /// The three accessors throw ConfigError with this value's place when the type differs.
  Table const& table() const;
  Array const& array() const;
  std::string const& string() const;

  /// \returns the entry of a table, or nullptr when absent (or when this is no table)
  ConfigValue const* find(std::string_view key) const noexcept;
  ConfigValue* find(std::string_view key) noexcept;

  /// Sets or replaces an entry of a table, keeping the keys sorted.
  ConfigValue& set(std::string_view key, ConfigValue value);
  /// Removes an entry; false when there was none.
  bool erase(std::string_view key);

  /// "bool", "integer", "float", "string", "array" or "table".
  char const* type_name() const noexcept;

  /// Equal data; places do not count.
  bool operator==(ConfigValue const& other) const;

  Data data;
  Where where;      ///< where the value stands
  Where key_where;  ///< where its key stands; unknown for array elements
};

struct ConfigValue::Entry {
  std::string key;
  ConfigValue value;
  bool operator==(Entry const&) const = default;
};

/// The value as one line of TOML: `[3.0, 6.0]`, `{ radii = [3.0] }`, `'text'` escaped as needed.
std::string to_toml(ConfigValue const& value);

/// Every problem found in a configuration: all are reported at once, in the order of their places.
class Problems {
 public:
  struct Problem {
    Where where;
    std::string text;
  };

  void add(Where where, std::string text);
  bool empty() const noexcept { return problems_.empty(); }
  std::vector<Problem> const& list() const noexcept { return problems_; }

  /// One line per problem, `file:line:column: text`, sorted by file, line and column.
  std::string str() const;

  /// \throws ConfigError with str() when there is any problem
  void raise() const;

 private:
  std::vector<Problem> problems_;
};

/// `; did you mean 'NAME'?` for the known name nearest to a mistyped one, or an empty string.
std::string nearest_name_hint(std::string_view name, std::vector<std::string> const& known);

}  // namespace almagest

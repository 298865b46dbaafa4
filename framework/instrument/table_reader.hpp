#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "almagest/config_value.hpp"

namespace almagest {

/// Reads the keys of one table of an obs package. A wrong type and a missing key become problems;
/// the keys that nobody asked for are reported by finish().
class TableReader {
 public:
  /// \param name  how messages call the table: "[camera]"
  TableReader(ConfigValue const& table, std::string name, Problems& problems);

  /// The value of a key, or nullptr.
  ConfigValue const* value(std::string_view key);
  std::optional<std::string> text(std::string_view key);
  std::string required_text(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key);
  std::optional<double> number(std::string_view key);  ///< finite
  std::optional<bool> flag(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  /// A list of numbers; empty when the key is absent or anything else.
  std::vector<double> numbers(std::string_view key);
  /// [width, height] in pixels, both positive.
  std::optional<std::pair<int, int>> size(std::string_view key);
  /// A table, or nullptr when the key is absent or no table.
  ConfigValue const* table(std::string_view key);
  ConfigValue const* array(std::string_view key);
  /// A key that is designed but not built: a problem when it is there.
  void not_implemented(std::string_view key);

  /// Reports every key that was not asked for, with the nearest name.
  void finish();

  void problem(ConfigValue const& at, std::string text) {
    problems_.add(at.where, std::move(text));
  }
  ConfigValue const& whole() const noexcept { return table_; }

 private:
  ConfigValue const* typed(std::string_view key, bool good, ConfigValue const* value,
                           char const* wanted);
  /// A float as it is; infinity and NaN, which TOML knows, are a problem.
  std::optional<double> finite(std::string_view key, ConfigValue const& value);

  ConfigValue const& table_;
  std::string name_;
  Problems& problems_;
  std::vector<std::string> asked_;
};

}  // namespace almagest

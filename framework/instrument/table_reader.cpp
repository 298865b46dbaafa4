#include "instrument/table_reader.hpp"

#include <algorithm>
#include <cmath>

namespace almagest {

TableReader::TableReader(ConfigValue const& table, std::string name, Problems& problems)
    : table_(table), name_(std::move(name)), problems_(problems) {
  if (!table.is_table())
    problems.add(table.where, name_ + " wants a table, got " + table.type_name());
}

ConfigValue const* TableReader::value(std::string_view key) {
  asked_.emplace_back(key);
  return table_.find(key);
}

ConfigValue const* TableReader::typed(std::string_view key, bool good, ConfigValue const* value,
                                      char const* wanted) {
  if (good || !value) return value;
  problems_.add(value->where,
                "'" + std::string(key) + "' wants " + wanted + ", got " + value->type_name());
  return nullptr;
}

std::optional<double> TableReader::finite(std::string_view key, ConfigValue const& value) {
  double const number = std::get<double>(value.data);
  if (std::isfinite(number)) return number;
  problems_.add(value.where, "'" + std::string(key) + "' wants a finite number");
  return std::nullopt;
}

std::optional<std::string> TableReader::text(std::string_view key) {
  ConfigValue const* v = value(key);
  v = typed(key, v && v->is_string(), v, "string");
  return v ? std::optional(v->string()) : std::nullopt;
}

std::string TableReader::required_text(std::string_view key) {
  if (!table_.find(key))
    problems_.add(table_.where, name_ + " needs '" + std::string(key) + "' (string)");
  return text(key).value_or("");
}

std::optional<std::int64_t> TableReader::integer(std::string_view key) {
  ConfigValue const* v = value(key);
  v = typed(key, v && std::holds_alternative<std::int64_t>(v->data), v, "integer");
  return v ? std::optional(std::get<std::int64_t>(v->data)) : std::nullopt;
}

std::optional<double> TableReader::number(std::string_view key) {
  ConfigValue const* v = value(key);
  if (v && std::holds_alternative<std::int64_t>(v->data))
    return static_cast<double>(std::get<std::int64_t>(v->data));
  v = typed(key, v && std::holds_alternative<double>(v->data), v, "float");
  return v ? finite(key, *v) : std::nullopt;
}

std::optional<bool> TableReader::flag(std::string_view key) {
  ConfigValue const* v = value(key);
  v = typed(key, v && std::holds_alternative<bool>(v->data), v, "bool");
  return v ? std::optional(std::get<bool>(v->data)) : std::nullopt;
}

std::vector<double> TableReader::numbers(std::string_view key) {
  std::vector<double> result;
  if (ConfigValue const* v = array(key))
    for (ConfigValue const& element : v->array()) {
      if (auto const* whole = std::get_if<std::int64_t>(&element.data))
        result.push_back(static_cast<double>(*whole));
      else if (std::holds_alternative<double>(element.data))
        result.push_back(finite(key, element).value_or(0.0));
      else
        problems_.add(element.where, "'" + std::string(key) + "' wants a list of numbers, got " +
                                         element.type_name());
    }
  return result;
}

std::optional<std::pair<int, int>> TableReader::size(std::string_view key) {
  ConfigValue const* const list = array(key);
  if (!list) return std::nullopt;
  constexpr std::int64_t most = 1'000'000;
  std::vector<int> sides;
  for (ConfigValue const& element : list->array()) {
    auto const* n = std::get_if<std::int64_t>(&element.data);
    if (n && *n > 0 && *n <= most) sides.push_back(static_cast<int>(*n));
  }
  if (sides.size() == 2 && list->array().size() == 2) return std::pair(sides[0], sides[1]);
  problems_.add(list->where, "'" + std::string(key) + "' wants [width, height] in pixels");
  return std::nullopt;
}

std::vector<std::string> TableReader::texts(std::string_view key) {
  std::vector<std::string> result;
  if (ConfigValue const* v = array(key))
    for (ConfigValue const& element : v->array()) {
      if (element.is_string())
        result.push_back(element.string());
      else
        problems_.add(element.where, "'" + std::string(key) + "' wants a list of string, got " +
                                         element.type_name());
    }
  return result;
}

ConfigValue const* TableReader::table(std::string_view key) {
  ConfigValue const* v = value(key);
  return typed(key, v && v->is_table(), v, "table");
}

ConfigValue const* TableReader::array(std::string_view key) {
  ConfigValue const* v = value(key);
  return typed(key, v && v->is_array(), v, "array");
}

void TableReader::not_implemented(std::string_view key) {
  if (ConfigValue const* v = value(key))
    problems_.add(v->key_where, "not implemented: '" + std::string(key) + "' of " + name_);
}

void TableReader::finish() {
  if (!table_.is_table()) return;
  for (auto const& [key, v] : table_.table())
    if (std::ranges::find(asked_, key) == asked_.end())
      problems_.add(v.key_where,
                    name_ + " has no key '" + key + "'" + nearest_name_hint(key, asked_));
}

}  // namespace almagest

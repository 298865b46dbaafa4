#include "almagest/config_value.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <tuple>

#include "almagest/value.hpp"

namespace almagest {
namespace {

template <class T>
T const& typed(ConfigValue const& value, char const* wanted) {
  if (T const* v = std::get_if<T>(&value.data)) return *v;
  throw ConfigError(value.where, std::string("wants ") + wanted + ", got " + value.type_name());
}

// ---- TOML -------------------------------------------------------------------------------------

bool is_control(char c) noexcept {
  auto const code = static_cast<unsigned char>(c);
  return code < 0x20 || code == 0x7f;
}

/// A literal string where TOML allows one ('C:\data'), else a basic string with escapes.
std::string quoted(std::string_view text) {
  bool const literal =
      std::ranges::none_of(text, [](char c) { return c == '\'' || is_control(c); });
  if (literal) return '\'' + std::string(text) + '\'';

  std::string result = "\"";
  for (char const c : text) {
    switch (c) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\b':
        result += "\\b";
        break;
      case '\t':
        result += "\\t";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\f':
        result += "\\f";
        break;
      case '\r':
        result += "\\r";
        break;
      default:
        if (is_control(c)) {
          char escape[8];
          std::snprintf(escape, sizeof escape, "\\u%04X", static_cast<unsigned char>(c));
          result += escape;
        } else {
          result += c;
        }
    }
  }
  return result + '"';
}

std::string key_text(std::string_view key) {
  bool const bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return bare ? std::string(key) : quoted(key);
}

struct ToToml {
  std::string operator()(bool v) const { return v ? "true" : "false"; }
  std::string operator()(std::int64_t v) const { return std::to_string(v); }
  std::string operator()(double v) const { return to_string(Value(v)); }
  std::string operator()(std::string const& v) const { return quoted(v); }
  std::string operator()(ConfigValue::Array const& array) const {
    std::string text;
    for (ConfigValue const& v : array) text += (text.empty() ? "" : ", ") + to_toml(v);
    return '[' + text + ']';
  }
  std::string operator()(ConfigValue::Table const& table) const {
    std::string text;
    for (auto const& [key, v] : table)
      text += (text.empty() ? " " : ", ") + key_text(key) + " = " + to_toml(v);
    return text.empty() ? "{}" : '{' + text + " }";
  }
};

// ---- nearest name -----------------------------------------------------------------------------

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Insertions, deletions, replacements and swaps of neighbours that turn one name into another
/// ("optimal string alignment"), capitals and small letters alike.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before_last = last;
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const replaced = last[j - 1] + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      bool const swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                           lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

// ---- ConfigValue ------------------------------------------------------------------------------

// Here and not in the class, where Entry is still incomplete.
ConfigValue::ConfigValue() : data(Table{}) {}
ConfigValue::ConfigValue(bool v) : data(v) {}
ConfigValue::ConfigValue(std::int64_t v) : data(v) {}
ConfigValue::ConfigValue(int v) : data(std::int64_t{v}) {}
ConfigValue::ConfigValue(double v) : data(v) {}
ConfigValue::ConfigValue(std::string v) : data(std::move(v)) {}
ConfigValue::ConfigValue(char const* v) : data(std::string(v)) {}
ConfigValue::ConfigValue(Array v) : data(std::move(v)) {}
ConfigValue::ConfigValue(Table v) : data(std::move(v)) {}

ConfigValue::Table const& ConfigValue::table() const {
  return typed<Table>(*this, "table");
}
ConfigValue::Array const& ConfigValue::array() const {
  return typed<Array>(*this, "array");
}
std::string const& ConfigValue::string() const {
  return typed<std::string>(*this, "string");
}

ConfigValue const* ConfigValue::find(std::string_view key) const noexcept {
  auto const* table = std::get_if<Table>(&data);
  if (!table) return nullptr;
  auto const found = std::ranges::find(*table, key, &Entry::key);
  return found == table->end() ? nullptr : &found->value;
}

ConfigValue* ConfigValue::find(std::string_view key) noexcept {
  return const_cast<ConfigValue*>(std::as_const(*this).find(key));
}

ConfigValue& ConfigValue::set(std::string_view key, ConfigValue value) {
  typed<Table>(*this, "table");
  auto& table = std::get<Table>(data);
  auto const place = std::ranges::lower_bound(table, key, {}, &Entry::key);
  if (place != table.end() && place->key == key) {
    place->value = std::move(value);
    return place->value;
  }
  return table.insert(place, Entry{std::string(key), std::move(value)})->value;
}

bool ConfigValue::erase(std::string_view key) {
  auto* table = std::get_if<Table>(&data);
  return table && std::erase_if(*table, [&](Entry const& e) { return e.key == key; }) > 0;
}

char const* ConfigValue::type_name() const noexcept {
  constexpr char const* names[] = {"bool", "integer", "float", "string", "array", "table"};
  return names[data.index()];
}

bool ConfigValue::operator==(ConfigValue const& other) const {
  // NaN is a value like any other here: a configuration with one equals itself.
  double const* const a = std::get_if<double>(&data);
  double const* const b = std::get_if<double>(&other.data);
  if (a && b && std::isnan(*a) && std::isnan(*b)) return true;
  return data == other.data;
}

std::string to_toml(ConfigValue const& value) {
  return std::visit(ToToml{}, value.data);
}

// ---- Problems ---------------------------------------------------------------------------------

void Problems::add(Where where, std::string text) {
  problems_.push_back({std::move(where), std::move(text)});
}

std::string Problems::str() const {
  std::vector<Problem const*> sorted;
  for (Problem const& p : problems_) sorted.push_back(&p);
  std::ranges::stable_sort(sorted, {}, [](Problem const* p) {
    return std::tie(p->where.file, p->where.line, p->where.column);
  });

  std::string text;
  for (Problem const* p : sorted) {
    if (!text.empty()) text += '\n';
    text += (p->where.known() ? p->where.str() + ": " : "") + p->text;
  }
  return text;
}

void Problems::raise() const {
  if (!empty()) throw ConfigError(str());
}

std::string nearest_name_hint(std::string_view name, std::vector<std::string> const& known) {
  std::string_view nearest;
  std::size_t best = 0;
  for (std::string const& candidate : known) {
    if (candidate == name) return {};
    std::size_t const distance = edit_distance(name, candidate);
    std::size_t const longest = std::max(name.size(), candidate.size());
    // One slip in three letters; something must be left in common.
    bool const close = distance <= std::max<std::size_t>(1, longest / 3) && distance < longest;
    if (close && (nearest.empty() || distance < best)) {
      nearest = candidate;
      best = distance;
    }
  }
  return nearest.empty() ? std::string() : "; did you mean '" + std::string(nearest) + "'?";
}

}  // namespace almagest

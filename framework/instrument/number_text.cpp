#include "instrument/number_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <numbers>
#include <utility>

#include "almagest/error.hpp"
#include "instrument/header_cards.hpp"

namespace almagest {
namespace {

template <class T>
std::optional<T> whole_text(std::string_view text) noexcept {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  T number{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::int64_t to_integer(Value const& value) {
  if (auto const* whole = std::get_if<std::int64_t>(&value)) return *whole;
  if (auto const* flag = std::get_if<bool>(&value)) return *flag ? 1 : 0;
  if (auto const* text = std::get_if<std::string>(&value))
    if (auto const whole = whole_text<std::int64_t>(*text)) return *whole;
  constexpr double exact = 9007199254740992.0;  // 2^53: beyond it a double has gaps
  std::optional<double> const number = number_of(value);
  if (number && std::abs(*number) <= exact && *number == std::trunc(*number))
    return static_cast<std::int64_t>(*number);
  throw DataError(shown(value) + " is no whole number");
}

bool to_logical(Value const& value) {
  if (auto const* flag = std::get_if<bool>(&value)) return *flag;
  if (auto const* whole = std::get_if<std::int64_t>(&value); whole && (*whole == 0 || *whole == 1))
    return *whole == 1;
  if (auto const* text = std::get_if<std::string>(&value)) {
    std::string_view const word = trimmed(*text);
    if (word == "T" || word == "true" || word == "True") return true;
    if (word == "F" || word == "false" || word == "False") return false;
  }
  throw DataError(shown(value) + " is neither true nor false");
}

double needed_number(Value const& value) {
  if (std::optional<double> const number = number_of(value)) return *number;
  throw DataError(shown(value) + " is no number");
}

/// `21:22:59.98`, `-00 30 00.07`: the first part as it is, minutes and seconds below 60.
std::optional<double> sexagesimal(std::string_view text) {
  text = trimmed(text);
  double sign = 1.0;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    sign = text[0] == '-' ? -1.0 : 1.0;
    text.remove_prefix(1);
  }
  double result = 0.0, weight = 1.0;
  for (int part = 0; part < 3; ++part, weight /= 60.0) {
    std::size_t const end = std::min(text.find_first_of(": "), text.size());
    std::string_view const digits = text.substr(0, end);
    bool const last = end == text.size();
    if (digits.empty() || digits.find_first_not_of("0123456789.") != std::string_view::npos ||
        (!last && digits.find('.') != std::string_view::npos))
      return std::nullopt;
    auto const number = whole_text<double>(digits);
    if (!number || (part > 0 && *number >= 60.0)) return std::nullopt;
    result += *number * weight;
    if (last) return part == 0 ? std::nullopt : std::optional(sign * result);
    text.remove_prefix(end + 1);
  }
  return std::nullopt;
}

constexpr double degree_per_radian = 180.0 / std::numbers::pi;

constexpr std::array<std::pair<std::string_view, Unit>, 22> units{{
    {"deg", {}},
    {"rad", {Unit::Form::number, degree_per_radian, 0.0}},
    {"arcmin", {Unit::Form::number, 1.0 / 60.0, 0.0}},
    {"arcsec", {Unit::Form::number, 1.0 / 3600.0, 0.0}},
    {"hour", {Unit::Form::number, 15.0, 0.0}},
    {"hms", {Unit::Form::hours_minutes, 15.0, 0.0}},
    {"dms", {Unit::Form::degrees_minutes, 1.0, 0.0}},
    {"s", {}},
    {"ms", {Unit::Form::number, 1e-3, 0.0}},
    {"min", {Unit::Form::number, 60.0, 0.0}},
    {"day", {Unit::Form::number, 86400.0, 0.0}},
    {"mm", {}},
    {"um", {Unit::Form::number, 1e-3, 0.0}},
    {"cm", {Unit::Form::number, 10.0, 0.0}},
    {"m", {Unit::Form::number, 1e3, 0.0}},
    {"K", {}},
    {"degC", {Unit::Form::number, 1.0, 273.15}},
    {"hPa", {}},
    {"Pa", {Unit::Form::number, 1e-2, 0.0}},
    {"kPa", {Unit::Form::number, 10.0, 0.0}},
    {"mbar", {}},
    {"%", {}},
}};

}  // namespace

std::optional<double> number_of(Value const& value) noexcept {
  std::optional<double> number;
  if (auto const* whole = std::get_if<std::int64_t>(&value))
    number = static_cast<double>(*whole);
  else if (auto const* real = std::get_if<double>(&value))
    number = *real;
  else if (auto const* text = std::get_if<std::string>(&value))
    number = whole_text<double>(*text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

std::optional<ValueType> value_type(std::string_view name) noexcept {
  if (name == "int") return ValueType::integer;
  if (name == "float") return ValueType::real;
  if (name == "str") return ValueType::text;
  if (name == "bool") return ValueType::logical;
  return std::nullopt;
}

Value to_type(Value const& value, ValueType type) {
  switch (type) {
    case ValueType::integer:
      return to_integer(value);
    case ValueType::real:
      return needed_number(value);
    case ValueType::logical:
      return to_logical(value);
    case ValueType::text:
      break;
  }
  return to_string(value);
}

std::optional<Unit> unit(std::string_view name) noexcept {
  for (auto const& [known, meaning] : units)
    if (known == name) return meaning;
  return std::nullopt;
}

std::string unit_names() {
  std::string names;
  for (auto const& [known, meaning] : units)
    names += (names.empty() ? "" : " ") + std::string(known);
  return names;
}

double to_unit(Value const& value, Unit const& unit) {
  if (unit.form != Unit::Form::number) {
    auto const* text = std::get_if<std::string>(&value);
    std::optional<double> const number = text ? sexagesimal(*text) : std::nullopt;
    std::optional<double> const whole = number ? number : number_of(value);
    double const limit = unit.form == Unit::Form::hours_minutes ? 24.0 : 360.0;
    if (!whole || std::abs(*whole) > limit)
      throw DataError(shown(value) + (unit.form == Unit::Form::hours_minutes
                                          ? " is no hh:mm:ss of hours"
                                          : " is no dd:mm:ss of degrees"));
    return *whole * unit.scale;
  }
  double const result = needed_number(value) * unit.scale + unit.offset;
  if (!std::isfinite(result)) throw DataError(shown(value) + " is out of range");
  return result;
}

}  // namespace almagest

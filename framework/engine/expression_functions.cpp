#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>

#include <blake2.h>

#include "engine/expression_node.hpp"

namespace almagest {
namespace {

[[noreturn]] void refuse(std::string_view function, std::string_view wanted, Value const& got) {
  throw DataError(std::string(function) + "() wants " + std::string(wanted) + ", got " +
                  type_name(got) + ' ' + quoted(got));
}

std::string const& text_of(std::string_view function, Value const& value) {
  if (auto const* text = std::get_if<std::string>(&value)) return *text;
  refuse(function, "a string", value);
}

double real_of(std::string_view function, Value const& value) {
  if (auto const* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (auto const* real = std::get_if<double>(&value)) return *real;
  refuse(function, "a number", value);
}

std::string_view trimmed(std::string_view text) {
  auto const first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// A number that fills the whole text, but for spaces around it and a leading plus.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  T number{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::int64_t whole_part(std::string_view function, double v, Value const& given) {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  if (!(v >= -limit && v < limit)) refuse(function, "a number that fits 64 bits", given);
  return static_cast<std::int64_t>(v);
}

/// Towards zero; text must be a whole decimal number ("007" is 7).
Value call_int(std::span<Value const> a) {
  if (auto const* text = std::get_if<std::string>(&a[0])) {
    auto const number = parse_number<std::int64_t>(*text);
    if (!number) refuse("int", "a whole number", a[0]);
    return *number;
  }
  if (std::holds_alternative<std::int64_t>(a[0])) return a[0];
  return whole_part("int", real_of("int", a[0]), a[0]);
}

Value call_num(std::span<Value const> a) {
  if (auto const* text = std::get_if<std::string>(&a[0])) {
    if (auto const whole = parse_number<std::int64_t>(*text)) return *whole;
    if (auto const real = parse_number<double>(*text)) return *real;
    refuse("num", "a number", a[0]);
  }
  real_of("num", a[0]);
  return a[0];
}

Value call_floor(std::span<Value const> a) {
  if (std::holds_alternative<std::int64_t>(a[0])) return a[0];
  return whole_part("floor", std::floor(real_of("floor", a[0])), a[0]);
}

Value call_min(std::span<Value const> a) {
  return *std::ranges::min_element(a, {}, [](Value const& v) { return real_of("min", v); });
}

Value call_max(std::span<Value const> a) {
  return *std::ranges::max_element(a, {}, [](Value const& v) { return real_of("max", v); });
}

Value call_abs(std::span<Value const> a) {
  if (auto const* whole = std::get_if<std::int64_t>(&a[0])) {
    if (*whole == std::numeric_limits<std::int64_t>::min())
      refuse("abs", "a number whose absolute value fits 64 bits", a[0]);
    return *whole < 0 ? -*whole : *whole;
  }
  return std::abs(real_of("abs", a[0]));
}

/// Characters, not bytes, of UTF-8 text.
Value call_len(std::span<Value const> a) {
  return static_cast<std::int64_t>(
      std::ranges::count_if(text_of("len", a[0]), [](char c) { return (c & 0xc0) != 0x80; }));
}

// ---- dates ------------------------------------------------------------------------------------

struct DateTime {
  std::int64_t days;    ///< since 1970-01-01
  std::int64_t second;  ///< of the day
  std::optional<double> fraction;
};

bool take_digits(std::string_view& text, std::size_t count, int& out) {
  if (text.size() < count) return false;
  auto const [end, error] = std::from_chars(text.data(), text.data() + count, out);
  if (error != std::errc() || end != text.data() + count || text[0] == '-') return false;
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

/// `YYYY-MM-DD`, with `Thh:mm:ss` and a fraction where wanted; no time zone.
std::optional<DateTime> parse_date_time(std::string_view text) {
  text = trimmed(text);
  int year = 0, month = 0, day = 0;
  if (!take_digits(text, 4, year) || !take(text, '-') || !take_digits(text, 2, month) ||
      !take(text, '-') || !take_digits(text, 2, day))
    return std::nullopt;
  std::chrono::year_month_day const date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  DateTime result{std::chrono::sys_days(date).time_since_epoch().count(), 0, {}};
  if (text.empty()) return result;

  int hour = 0, minute = 0, second = 0;
  if ((!take(text, 'T') && !take(text, ' ')) || !take_digits(text, 2, hour) || !take(text, ':') ||
      !take_digits(text, 2, minute) || !take(text, ':') || !take_digits(text, 2, second))
    return std::nullopt;
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;  // 60: a leap second
  result.second = hour * 3600 + minute * 60 + second;
  if (text.empty()) return result;

  if (text[0] != '.' || text.size() == 1 ||
      text.find_first_not_of("0123456789", 1) != std::string_view::npos)
    return std::nullopt;
  result.fraction = parse_number<double>("0" + std::string(text));
  return result;
}

DateTime date_of(std::string_view function, Value const& value) {
  auto const date = parse_date_time(text_of(function, value));
  if (!date) refuse(function, "a date YYYY-MM-DD, with or without Thh:mm:ss", value);
  return *date;
}

/// 20130618 as "2013-06-18".
Value date_of_digits(std::int64_t day, Value const& given) {
  if (day < 0 || day > 99991231) refuse("ordinal", "a day YYYYMMDD", given);
  std::string digits = std::to_string(day);
  digits.insert(0, 8 - digits.size(), '0');
  return digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + digits.substr(6);
}

/// The day's number in the proleptic Gregorian calendar, 0001-01-01 being 1. The day is a text, or
/// a number YYYYMMDD.
Value call_ordinal(std::span<Value const> a) {
  constexpr std::int64_t ordinal_of_1970 = 719163;
  if (auto const* day = std::get_if<std::int64_t>(&a[0]))
    return date_of("ordinal", date_of_digits(*day, a[0])).days + ordinal_of_1970;
  return date_of("ordinal", a[0]).days + ordinal_of_1970;
}

/// Seconds from the second date to the first, every day having 86 400 of them; a float when either
/// has a fraction.
Value call_seconds(std::span<Value const> a) {
  DateTime const date = date_of("seconds", a[0]);
  DateTime const epoch = date_of("seconds", a[1]);
  std::int64_t const whole = (date.days - epoch.days) * 86400 + date.second - epoch.second;
  if (!date.fraction && !epoch.fraction) return whole;
  return static_cast<double>(whole) + date.fraction.value_or(0.0) - epoch.fraction.value_or(0.0);
}

/// The first n hexadecimal digits of the text's 64-byte BLAKE2b digest, as a number.
Value call_blake2b(std::span<Value const> a) {
  std::string const& text = text_of("blake2b", a[0]);
  auto const* digits = std::get_if<std::int64_t>(&a[1]);
  if (!digits || *digits < 1 || *digits > 15) refuse("blake2b", "1 to 15 hexadecimal digits", a[1]);

  std::array<std::uint8_t, BLAKE2B_OUTBYTES> digest{};
  if (blake2b(digest.data(), text.data(), nullptr, digest.size(), text.size(), 0) != 0)
    throw DataError("blake2b() failed");
  std::int64_t number = 0;
  for (std::int64_t i = 0; i < *digits; ++i) {
    unsigned const byte = digest[static_cast<std::size_t>(i / 2)];
    number = number * 16 + static_cast<std::int64_t>(i % 2 == 0 ? byte >> 4U : byte & 0xfU);
  }
  return number;
}

constexpr std::size_t any_number = 64;

constexpr std::array<ExpressionFunction, 13> functions{{
    {"present", 1, 1, nullptr},
    {"first", 1, any_number, nullptr},
    {"index", 1, 1, nullptr},
    {"int", 1, 1, call_int},
    {"num", 1, 1, call_num},
    {"floor", 1, 1, call_floor},
    {"min", 1, any_number, call_min},
    {"max", 1, any_number, call_max},
    {"abs", 1, 1, call_abs},
    {"len", 1, 1, call_len},
    {"ordinal", 1, 1, call_ordinal},
    {"seconds", 2, 2, call_seconds},
    {"blake2b", 2, 2, call_blake2b},
}};

}  // namespace

std::string quoted(Value const& value) {
  return std::holds_alternative<std::string>(value) ? "'" + to_string(value) + "'"
                                                    : to_string(value);
}

std::span<ExpressionFunction const> expression_functions() {
  return functions;
}

ExpressionFunction const* find_expression_function(std::string_view name) {
  auto const found = std::ranges::find(functions, name, &ExpressionFunction::name);
  return found == functions.end() ? nullptr : &*found;
}

}  // namespace almagest

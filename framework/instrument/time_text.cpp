#include "instrument/time_text.hpp"

#include <charconv>
#include <cmath>

#include <erfa.h>
#include <erfam.h>

#include "almagest/error.hpp"
#include "instrument/header_cards.hpp"
#include "instrument/number_text.hpp"

namespace almagest {
namespace {

constexpr int first_year = 1900, last_year = 2199;

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool take_digits(std::string_view& text, std::size_t count, int& number) {
  if (text.size() < count) return false;
  for (std::size_t i = 0; i < count; ++i)
    if (text[i] < '0' || text[i] > '9') return false;
  std::from_chars(text.data(), text.data() + count, number);
  text.remove_prefix(count);
  return true;
}

struct DateTime {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0;
  double second = 0.0;
};

/// The digits of a second and its fraction, up to the end.
bool take_second(std::string_view text, double& second) {
  int whole = 0;
  std::string_view const all = text;
  if (!take_digits(text, 2, whole)) return false;
  if (!text.empty() &&
      (text[0] != '.' || text.find_first_not_of("0123456789", 1) != std::string_view::npos))
    return false;
  // "07." is a second too, but no number to from_chars' taste.
  std::string_view const digits = all.ends_with('.') ? all.substr(0, 2) : all;
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), second);
  return error == std::errc() && end == digits.data() + digits.size();
}

std::optional<DateTime> read_date(std::string_view text) {
  if (text.ends_with('Z')) text.remove_suffix(1);
  DateTime t;
  if (!take_digits(text, 4, t.year)) return std::nullopt;
  char const separator = text.empty() ? '\0' : text.front();
  if (separator != '-' && separator != '/') return std::nullopt;
  text.remove_prefix(1);
  if (!take_digits(text, 2, t.month) || !take(text, separator) || !take_digits(text, 2, t.day))
    return std::nullopt;
  if (text.empty()) return t;
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  if (!take_digits(text, 2, t.hour) || !take(text, ':') || !take_digits(text, 2, t.minute))
    return std::nullopt;
  if (text.empty()) return t;
  if (!take(text, ':') || !take_second(text, t.second)) return std::nullopt;
  return t;
}

/// A (quasi-)Julian date in two parts to MJD TAI.
double to_tai(double day, double part, TimeScale scale) {
  double day_tai = day, part_tai = part;
  if (scale == TimeScale::utc)
    eraUtctai(day, part, &day_tai, &part_tai);
  else if (scale == TimeScale::tt)
    eraTttai(day, part, &day_tai, &part_tai);
  return (day_tai - ERFA_DJM0) + part_tai;
}

}  // namespace

std::optional<TimeScale> time_scale(std::string_view name) noexcept {
  if (name == "tai") return TimeScale::tai;
  if (name == "utc") return TimeScale::utc;
  if (name == "tt") return TimeScale::tt;
  return std::nullopt;
}

double mjd_tai(Value const& value, TimeScale scale) {
  auto const* text = std::get_if<std::string>(&value);
  std::optional<double> const mjd = number_of(value);
  if (mjd) {
    if (*mjd >= first_mjd && *mjd < last_mjd) return to_tai(ERFA_DJM0, *mjd, scale);
    throw DataError(shown(value) + " is no modified Julian date of the years 1900 to 2199");
  }
  std::optional<DateTime> const t = text ? read_date(trimmed(*text)) : std::nullopt;
  if (!t) throw DataError(shown(value) + " is no date YYYY-MM-DDThh:mm:ss and no MJD");
  double day = 0.0, part = 0.0;
  // Positive: a year for which ERFA knows no leap seconds, or 23:59:60 on a day without one.
  int const status = t->year < first_year || t->year > last_year
                         ? -1
                         : eraDtf2d(scale == TimeScale::utc ? "UTC" : "TAI", t->year, t->month,
                                    t->day, t->hour, t->minute, t->second, &day, &part);
  if (status < 0) throw DataError(shown(value) + " is no date of the years 1900 to 2199");
  return to_tai(day, part, scale);
}

}  // namespace almagest

#include "repository/calendar.hpp"

#include <erfa.h>
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>

#include "almagest/error.hpp"

namespace almagest {
namespace {

struct Moment {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

/// A number of exactly `count` digits at the front, which is taken away.
std::optional<int> digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + count, number);
  if (error != std::errc() || end != text.data() + count || text[0] == '-') return std::nullopt;
  text.remove_prefix(count);
  return number;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::chrono::year_month_day calendar_date(Moment const& moment) {
  return {std::chrono::year(moment.year), std::chrono::month(static_cast<unsigned>(moment.month)),
          std::chrono::day(static_cast<unsigned>(moment.day))};
}

/// `2015-10-10`, `20151010`, each with `T12:34:56` or ` 12:34:56` and whatever follows.
std::optional<Moment> moment_in(std::string_view text) {
  Moment moment;
  auto const year = digits(text, 4);
  bool const dashed = take(text, '-');
  auto const month = digits(text, 2);
  if (dashed && !take(text, '-')) return std::nullopt;
  auto const day = digits(text, 2);
  if (!year || !month || !day) return std::nullopt;
  moment = {*year, *month, *day, 0, 0, 0};
  if (!calendar_date(moment).ok()) return std::nullopt;
  if (text.empty()) return moment;
  if (!take(text, 'T') && !take(text, ' ')) return std::nullopt;
  auto const hour = digits(text, 2);
  if (!hour) return moment;
  moment.hour = *hour;
  if (!take(text, ':')) return moment;
  moment.minute = digits(text, 2).value_or(0);
  if (take(text, ':')) moment.second = digits(text, 2).value_or(0);
  return moment;
}

Moment moment_of(double mjd_tai) {
  constexpr double mjd_zero = 2400000.5;
  double utc1 = 0, utc2 = 0;
  Moment moment;
  int clock[4] = {};  // hour, minute, second, thousandths: more than the double holds is noise
  // Status 1 is a year before UTC was, or one in which leap seconds are not known yet.
  if (!std::isfinite(mjd_tai) || eraTaiutc(mjd_zero, mjd_tai, &utc1, &utc2) < 0 ||
      eraD2dtf("UTC", 3, utc1, utc2, &moment.year, &moment.month, &moment.day, clock) < 0 ||
      moment.year < 1 || moment.year > 9999)
    throw DataError(fmt::format("{} is no time (MJD)", mjd_tai));
  moment.hour = clock[0];
  moment.minute = clock[1];
  moment.second = clock[2];
  return moment;
}

Moment moment_of(Value const& time) {
  if (auto const* real = std::get_if<double>(&time)) return moment_of(*real);
  if (auto const* whole = std::get_if<std::int64_t>(&time))
    return moment_of(static_cast<double>(*whole));
  if (auto const* text = std::get_if<std::string>(&time))
    if (auto const moment = moment_in(*text)) return *moment;
  throw DataError("'" + to_string(time) + "' is no time: want an MJD or YYYY-MM-DD");
}

int day_of_year(Moment const& moment) {
  using namespace std::chrono;
  auto const first = sys_days(year(moment.year) / January / 1);
  return static_cast<int>((sys_days(calendar_date(moment)) - first).count()) + 1;
}

std::string date_text(Moment const& moment) {
  return fmt::format("{:04}-{:02}-{:02}", moment.year, moment.month, moment.day);
}

}  // namespace

std::string utc_date(double mjd_tai) {
  return date_text(moment_of(mjd_tai));
}

std::string utc_text(Value const& time, std::string_view format) {
  Moment const moment = moment_of(time);
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      text += format[i];
      continue;
    }
    switch (format[++i]) {
      case 'Y':
        text += fmt::format("{:04}", moment.year);
        break;
      case 'm':
        text += fmt::format("{:02}", moment.month);
        break;
      case 'd':
        text += fmt::format("{:02}", moment.day);
        break;
      case 'j':
        text += fmt::format("{:03}", day_of_year(moment));
        break;
      case 'H':
        text += fmt::format("{:02}", moment.hour);
        break;
      case 'M':
        text += fmt::format("{:02}", moment.minute);
        break;
      case 'S':
        text += fmt::format("{:02}", moment.second);
        break;
      default:
        text += '%';
    }
  }
  return text;
}

bool is_time_format(std::string_view format) noexcept {
  constexpr std::string_view codes = "YmdjHMS%";
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '/' || static_cast<unsigned char>(format[i]) < 0x20) return false;
    if (format[i] != '%') continue;
    if (++i == format.size() || codes.find(format[i]) == std::string_view::npos) return false;
  }
  return !format.empty();
}

std::string date_in(std::string_view text) {
  auto const moment = moment_in(text);
  return moment ? date_text(*moment) : std::string();
}

std::string days_later(std::string_view date, int days) {
  auto const moment = moment_in(date);
  if (!moment) throw DataError(fmt::format("'{}' is no date: want YYYY-MM-DD", date));
  std::chrono::year_month_day const later(std::chrono::sys_days(calendar_date(*moment)) +
                                          std::chrono::days(days));
  if (int(later.year()) < 1) return first_date;
  if (int(later.year()) > 9999) return last_date;
  return fmt::format("{:04}-{:02}-{:02}", int(later.year()), unsigned(later.month()),
                     unsigned(later.day()));
}

}  // namespace almagest

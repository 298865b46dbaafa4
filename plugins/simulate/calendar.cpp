#include "calendar.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <numbers>

#include "almagest/error.hpp"
#include "almagest/geometry.hpp"

namespace simulate {

using namespace almagest;

namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t ms_per_day = 86'400'000;
constexpr std::chrono::sys_days mjd_zero = std::chrono::year{1858} / 11 / 17;

struct Moment {
  year_month_day date;
  std::int64_t ms = 0;  ///< of the day
};

Moment moment(double mjd) {
  auto const ms = static_cast<std::int64_t>(std::llround(mjd * static_cast<double>(ms_per_day)));
  std::int64_t day = ms / ms_per_day;
  if (ms % ms_per_day < 0) --day;
  return {year_month_day(mjd_zero + days(day)), ms - day * ms_per_day};
}

template <class... T>
std::string formatted(char const* format, T... values) {
  char text[64];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

/// Sign, three groups, and so many digits after the last one's point.
std::string sexagesimal(double value, bool always_signed, int digits) {
  double const unit = std::pow(10.0, digits);
  auto const total = static_cast<std::int64_t>(std::llround(std::abs(value) * 3600.0 * unit));
  auto const per_second = static_cast<std::int64_t>(unit);
  std::string const sign = value < 0 ? "-" : always_signed ? "+" : "";
  return sign + formatted("%02lld:%02lld:%0*.*f", static_cast<long long>(total / per_second / 3600),
                          static_cast<long long>(total / per_second / 60 % 60), digits + 3, digits,
                          static_cast<double>(total % (60 * per_second)) / unit);
}

}  // namespace

double mjd_of(std::string const& iso) {
  int year = 0, hour = 0, minute = 0, used = 0;
  unsigned month = 0, day = 0;
  double second = 0.0;
  int const n = std::sscanf(iso.c_str(), "%4d-%2u-%2u%nT%2d:%2d:%lf%n", &year, &month, &day, &used,
                            &hour, &minute, &second, &used);
  year_month_day const date{std::chrono::year{year}, std::chrono::month{month},
                            std::chrono::day{day}};
  bool const good = (n == 3 || n == 6) && used == static_cast<int>(iso.size()) && date.ok() &&
                    hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 &&
                    second < 60;
  if (!good) throw ConfigError("'" + iso + "' is no date such as 2016-08-05T09:00:00");
  double const day_count = static_cast<double>((sys_days(date) - mjd_zero).count());
  return day_count + (hour + (minute + second / 60.0) / 60.0) / 24.0;
}

std::string iso_date(double mjd) {
  year_month_day const d = moment(mjd).date;
  return formatted("%04d-%02u-%02u", static_cast<int>(d.year()), static_cast<unsigned>(d.month()),
                   static_cast<unsigned>(d.day()));
}

std::string iso_time(double mjd) {
  std::int64_t const ms = moment(mjd).ms;
  return formatted("%02d:%02d:%02d.%03d", static_cast<int>(ms / 3'600'000),
                   static_cast<int>(ms / 60'000 % 60), static_cast<int>(ms / 1000 % 60),
                   static_cast<int>(ms % 1000));
}

std::string iso_date_time(double mjd) {
  return iso_date(mjd) + "T" + iso_time(mjd);
}

std::int64_t day_number(double mjd) {
  year_month_day const d = moment(mjd).date;
  return static_cast<int>(d.year()) * 10000 +
         static_cast<int>(static_cast<unsigned>(d.month())) * 100 +
         static_cast<int>(static_cast<unsigned>(d.day()));
}

std::string sexagesimal_hours(double radians) {
  double const turn = 2.0 * std::numbers::pi;
  double const hours = std::fmod(std::fmod(radians, turn) + turn, turn) / turn * 24.0;
  return sexagesimal(hours, false, 4);
}

std::string sexagesimal_degrees(double radians) {
  return sexagesimal(radians / radians_per_degree, true, 3);
}

}  // namespace simulate

#include "date.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace calibs {

std::string utc_date(double mjd_tai) {
  using namespace std::chrono;
  constexpr double tai_ahead = 37.0 / 86400.0;  // days
  constexpr sys_days mjd_0{year{1858} / November / 17};
  year_month_day const day{mjd_0 + days{static_cast<int>(std::floor(mjd_tai - tai_ahead))}};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", int{day.year()}, unsigned{day.month()},
                unsigned{day.day()});
  return text.data();
}

}  // namespace calibs

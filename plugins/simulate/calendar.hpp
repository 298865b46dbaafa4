#pragma once

#include <cstdint>
#include <string>

/// Dates of headers. A time's scale is that of the header which it is for.
namespace simulate {

/// "2016-08-05T09:00:00.000" as a Modified Julian Date. Also without fraction, or the date alone.
/// \throws ConfigError when it is no date
double mjd_of(std::string const& iso);
/// "2016-08-05T09:00:00.000", rounded to milliseconds.
std::string iso_date_time(double mjd);
std::string iso_date(double mjd);     ///< "2016-08-05"
std::string iso_time(double mjd);     ///< "09:00:00.000"
std::int64_t day_number(double mjd);  ///< 20160805

/// An angle as "21:20:59.978" (hours of 15 degrees) or "-00:15:00.03" (degrees).
std::string sexagesimal_hours(double radians);
std::string sexagesimal_degrees(double radians);

}  // namespace simulate

#pragma once

#include <string>
#include <string_view>

#include "almagest/value.hpp"

/// Dates of the calendar, as `YYYY-MM-DD`: texts of this form sort by time.
namespace almagest {

/// The UTC date of a time [MJD, TAI]. \throws DataError for a time that is none
std::string utc_date(double mjd_tai);

/// A time in UTC by a format of `strftime`: %Y %m %d %j %H %M %S and %%.
/// \param time  MJD (TAI) as a number, or the text of a date, with a time of day behind 'T' or ' '
/// \throws DataError for what is no time
std::string utc_text(Value const& time, std::string_view format);
/// Whether utc_text() understands a format; '/' may not stand in one.
bool is_time_format(std::string_view format) noexcept;

/// The date that a text begins with: "2013-01-31T00:00:00", "20130131". Empty when there is none.
std::string date_in(std::string_view text);

/// A date some days later. \throws DataError for what is no date
std::string days_later(std::string_view date, int days);

/// Before and after every frame.
inline constexpr char const* first_date = "0001-01-01";
inline constexpr char const* last_date = "9999-12-31";

}  // namespace almagest

#pragma once

#include <optional>
#include <string_view>

#include "almagest/value.hpp"

namespace almagest {

enum class TimeScale { tai, utc, tt };

/// "tai", "utc" or "tt"; none for anything else.
std::optional<TimeScale> time_scale(std::string_view name) noexcept;

/// 1 January 1900 and 2200: a time outside is a mistake.
inline constexpr double first_mjd = 15020.0;
inline constexpr double last_mjd = 124594.0;

/// A time of a header as MJD in TAI, through ERFA's leap seconds.
///
/// \param value  MJD in that scale, as a number or a text; or a date `YYYY-MM-DD` (`/` for `-`),
///               with `hh:mm`, `hh:mm:ss` or `hh:mm:ss.f` behind 'T' or a blank, and perhaps 'Z'
/// \throws DataError when it is none of them, or not in 1900..2199
double mjd_tai(Value const& value, TimeScale scale);

}  // namespace almagest

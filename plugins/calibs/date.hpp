#pragma once

#include <string>

namespace calibs {

/// The UTC day of a time, "2013-06-17"; TAI is taken to be 37 s ahead of UTC, as since 2017.
///
/// \param mjd_tai  finite
std::string utc_date(double mjd_tai);

}  // namespace calibs

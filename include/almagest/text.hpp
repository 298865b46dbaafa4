#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Numbers as messages say them, whatever the locale.
namespace almagest {

/// "28.2415": so many digits after the point.
std::string fixed(double value, int digits);

/// "1 star", "3 stars".
std::string counted(std::size_t n, std::string_view what);

}  // namespace almagest

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "almagest/value.hpp"

namespace almagest {

/// A finite number: a number itself, or a text that is one from end to end, blanks aside.
std::optional<double> number_of(Value const& value) noexcept;

/// "float", "int", "str" or "bool" as `type` of a header rule names them.
enum class ValueType { integer, real, text, logical };
std::optional<ValueType> value_type(std::string_view name) noexcept;

/// Converts without loss: "12" and 12.0 to 12, T to 1, 720 to "720". \throws DataError otherwise
Value to_type(Value const& value, ValueType type);

/// The unit of a card. Numbers come out in the units that ObservationInfo has: degrees, seconds,
/// mm, K, hPa.
struct Unit {
  enum class Form { number, hours_minutes, degrees_minutes } form = Form::number;
  double scale = 1.0;
  double offset = 0.0;
};
/// deg rad arcmin arcsec hour hms dms, s ms min day, mm um cm m, K degC, hPa Pa kPa mbar, %.
std::optional<Unit> unit(std::string_view name) noexcept;
/// The names that unit() knows.
std::string unit_names();
/// \throws DataError for what is no number, or no sexagesimal text where the unit wants one
double to_unit(Value const& value, Unit const& unit);

}  // namespace almagest

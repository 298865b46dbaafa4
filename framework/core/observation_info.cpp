#include "almagest/observation_info.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "almagest/error.hpp"

namespace almagest {
namespace {

[[noreturn]] void refuse(std::string_view name, char const* wanted, Value const& got) {
  throw DataError("property '" + std::string(name) + "' wants " + wanted + ", got " +
                  type_name(got) + " '" + to_string(got) + "'");
}

}  // namespace

Value const* ObservationInfo::find(std::string_view name) const noexcept {
  auto const found = properties_.find(name);
  return found == properties_.end() ? nullptr : &found->second;
}

double ObservationInfo::number(std::string_view name) const {
  Value const* value = find(name);
  if (!value) return std::numeric_limits<double>::quiet_NaN();
  if (auto const* real = std::get_if<double>(value)) return *real;
  if (auto const* whole = std::get_if<std::int64_t>(value)) return static_cast<double>(*whole);
  refuse(name, "a number", *value);
}

std::string ObservationInfo::text(std::string_view name) const {
  Value const* value = find(name);
  if (!value) return {};
  if (auto const* text = std::get_if<std::string>(value)) return *text;
  refuse(name, "a text", *value);
}

std::optional<std::int64_t> ObservationInfo::integer(std::string_view name) const {
  Value const* value = find(name);
  if (!value) return std::nullopt;
  if (auto const* whole = std::get_if<std::int64_t>(value)) return *whole;
  refuse(name, "an integer", *value);
}

std::optional<SkyPoint> ObservationInfo::boresight() const {
  double const ra = number("ra"), dec = number("dec");
  if (std::isnan(ra) || std::isnan(dec)) return std::nullopt;
  constexpr double degree = std::numbers::pi / 180.0;
  return SkyPoint{ra * degree, dec * degree};
}

}  // namespace almagest

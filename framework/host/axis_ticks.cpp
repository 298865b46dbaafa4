#include "host/axis_ticks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace almagest {

namespace {

/// "10⁻⁷"
std::string power_of_ten(int exponent) {
  constexpr char const* digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = "10";
  for (char const c : std::to_string(exponent)) text += c == '-' ? "⁻" : digits[c - '0'];
  return text;
}

/// 1, 2 or 5 times a power of ten, so that about five of them fill the range.
double round_step(double range) {
  double const rough = range / 5.0;
  double const power = std::pow(10.0, std::floor(std::log10(rough)));
  for (double const factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough) return factor * power;
  return 10.0 * power;
}

Ticks linear_ticks(Axis const& axis) {
  double const step = round_step(axis.high - axis.low);
  double const largest = std::max(std::abs(axis.low), std::abs(axis.high));
  int exponent = static_cast<int>(std::floor(std::log10(largest)));
  if (exponent > -3 && exponent < 5) exponent = 0;
  double const scale = std::pow(10.0, exponent);
  int const decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step / scale) + 1e-9)));
  Ticks result;
  if (exponent != 0) result.factor = " (×" + power_of_ten(exponent) + ")";
  constexpr double rounding = 1e-9;
  for (double k = std::ceil(axis.low / step - rounding); k * step <= axis.high + rounding * step;
       ++k) {
    double const value = k == 0 ? 0.0 : k * step;  // no minus zero
    std::string const digits = fmt::format("{:.{}f}", std::abs(value / scale), decimals);
    result.ticks.push_back({value, value < 0 ? "−" + digits : digits});
  }
  return result;
}

Ticks logarithmic_ticks(Axis const& axis) {
  Ticks result;
  int const first = static_cast<int>(std::floor(std::log10(axis.low)));
  int const last = static_cast<int>(std::ceil(std::log10(axis.high)));
  for (int decade = first; decade <= last; ++decade) {
    for (int digit = 1; digit < 10; ++digit) {
      double const value = digit * std::pow(10.0, decade);
      if (value < axis.low || value > axis.high) continue;
      bool const plain = decade >= 0 && decade < 4;
      std::string const label = plain ? fmt::format("{:g}", value) : power_of_ten(decade);
      result.ticks.push_back({value, digit == 1 ? label : std::string()});
    }
  }
  return result;
}

}  // namespace

Ticks ticks_of(Axis const& axis) {
  if (axis.names.empty()) return axis.logarithmic ? logarithmic_ticks(axis) : linear_ticks(axis);
  Ticks result;
  for (auto const& [value, name] : axis.names) result.ticks.push_back({value, name});
  return result;
}

}  // namespace almagest

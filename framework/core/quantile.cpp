#include <algorithm>
#include <cmath>
#include <cstddef>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"
#include "not_a_number.hpp"
#include "order_statistics.hpp"

namespace almagest {

double quantile(std::span<float> values, double f) {
  auto const numbers = statistics::without_nan(values);
  if (numbers.empty()) throw MeasurementError("quantile: there is no value");
  return statistics::quantiles<1, float>(numbers, {f})[0];
}

double quantile(std::span<double> values, double f) {
  auto const end =
      std::remove_if(values.begin(), values.end(), [](double v) { return std::isnan(v); });
  auto const count = end - values.begin();
  if (count == 0) throw MeasurementError("quantile: there is no value");
  double const rank = f * static_cast<double>(count - 1);
  auto const low = values.begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(values.begin(), low, end);
  double const part = rank - std::floor(rank);
  if (part == 0.0) return *low;
  return *low + part * (*std::min_element(low + 1, end) - *low);
}

}  // namespace almagest

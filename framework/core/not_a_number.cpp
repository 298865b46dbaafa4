#include "not_a_number.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "registers.hpp"

namespace almagest::statistics {

bool has_nan(std::span<float const> values) noexcept {
  constexpr std::size_t block = 8;
  IntQuad nan{};
  std::size_t k = 0;
  for (; k + block <= values.size(); k += block) {
    Quad const a = load_quad(values.data() + k), b = load_quad(values.data() + k + block / 2);
    nan |= (a != a) | (b != b);
  }
  return any(nan) || std::any_of(values.begin() + static_cast<std::ptrdiff_t>(k), values.end(),
                                 [](float value) { return std::isnan(value); });
}

std::span<float> without_nan(std::span<float> values) {
  if (!has_nan(values)) return values;
  auto const end =
      std::remove_if(values.begin(), values.end(), [](float v) { return std::isnan(v); });
  return values.first(static_cast<std::size_t>(end - values.begin()));
}

}  // namespace almagest::statistics

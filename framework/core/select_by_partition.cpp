#include "select_by_partition.hpp"

#include <algorithm>

namespace almagest::statistics {

void select_by_partition(std::span<float> values, std::span<std::size_t const> ranks,
                         std::span<float> selected) {
  auto from = values.begin();
  for (std::size_t k = 0; k < ranks.size(); ++k) {
    auto const wanted = values.begin() + static_cast<std::ptrdiff_t>(ranks[k]);
    if (from <= wanted) {
      std::nth_element(from, wanted, values.end());
      from = wanted + 1;
    }
    selected[k] = *wanted;
  }
}

}  // namespace almagest::statistics

#pragma once

#include <cstddef>
#include <span>

namespace almagest::statistics {

/// The values that would stand at `ranks` (rising) if `values` were sorted; reorders `values`.
void select_by_partition(std::span<float> values, std::span<std::size_t const> ranks,
                         std::span<float> selected);

}  // namespace almagest::statistics

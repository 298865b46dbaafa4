#pragma once

#include <cstddef>
#include <span>

namespace almagest::statistics {

/// The same as select_by_partition: counts the values in narrow bins, then sorts out the few bins
/// that hold a wanted rank. Leaves `values` alone.
///
/// \param values  not NaN, and as many as 32 bits count
/// \param from, to  where the wanted values probably lie, which the bins share; selects the right
/// ones wherever they are, but slowly
void select_by_histogram(std::span<float const> values, float from, float to,
                         std::span<std::size_t const> ranks, std::span<float> selected);

}  // namespace almagest::statistics

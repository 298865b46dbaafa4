#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace almagest::statistics {

/// The same as select_by_partition for many values and pairs of ranks: a sample tells between which
/// values each pair probably lies. Leaves `values` alone.
///
/// \param values  not NaN, and as many as 32 bits count
template <std::size_t N>
void select_by_brackets(std::span<float const> values, std::array<std::size_t, 2 * N> const& ranks,
                        std::array<float, 2 * N>& selected);

extern template void select_by_brackets<1>(std::span<float const>,
                                           std::array<std::size_t, 2> const&,
                                           std::array<float, 2>&);
extern template void select_by_brackets<3>(std::span<float const>,
                                           std::array<std::size_t, 6> const&,
                                           std::array<float, 6>&);

}  // namespace almagest::statistics

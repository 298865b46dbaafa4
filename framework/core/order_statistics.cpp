#include "order_statistics.hpp"

#include <algorithm>
#include <type_traits>

#include "select_by_brackets.hpp"
#include "select_by_partition.hpp"

namespace almagest::statistics {
namespace {

/// Where rank f(n − 1) falls between two sorted values.
struct Rank {
  std::size_t below;
  double fraction;
  Rank(std::size_t n, double f) {
    double const rank = std::clamp(f, 0.0, 1.0) * static_cast<double>(n - 1);
    below = std::min(static_cast<std::size_t>(rank), n - 1);
    fraction = rank - static_cast<double>(below);
  }
  std::size_t above(std::size_t n) const { return std::min(below + 1, n - 1); }
};

}  // namespace

template <std::size_t N, class Value>
std::array<double, N> quantiles(std::span<Value> values, std::array<double, N> const& fractions) {
  std::array<std::size_t, 2 * N> ranks;
  for (std::size_t k = 0; k < N; ++k) {
    Rank const rank(values.size(), fractions[k]);
    ranks[2 * k] = rank.below;
    ranks[2 * k + 1] = rank.above(values.size());
  }
  std::array<float, 2 * N> selected;
  // Partitioning needs rising ranks, which neighbours in a small sample may not be.
  std::array<std::size_t, 2 * N> sorted = ranks;
  std::sort(sorted.begin(), sorted.end());
  if (std::is_const_v<Value> || is_many(values.size())) {
    select_by_brackets<N>(values, sorted, selected);
  } else if constexpr (!std::is_const_v<Value>) {
    select_by_partition(values, sorted, selected);
  }
  auto const at = [&](std::size_t rank) {
    auto const found = std::lower_bound(sorted.begin(), sorted.end(), rank);
    return static_cast<double>(selected[static_cast<std::size_t>(found - sorted.begin())]);
  };
  std::array<double, N> result;
  for (std::size_t k = 0; k < N; ++k) {
    double const fraction = Rank(values.size(), fractions[k]).fraction;
    double const low = at(ranks[2 * k]);
    result[k] = fraction == 0.0 ? low : low + fraction * (at(ranks[2 * k + 1]) - low);
  }
  return result;
}

template std::array<double, 1> quantiles(std::span<float>, std::array<double, 1> const&);
template std::array<double, 3> quantiles(std::span<float>, std::array<double, 3> const&);
template std::array<double, 3> quantiles(std::span<float const>, std::array<double, 3> const&);

}  // namespace almagest::statistics

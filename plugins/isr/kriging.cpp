#include "kriging.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace isr {
namespace {

double covariance(double distance) noexcept {
  return std::exp(-0.25 * distance * distance);
}

constexpr int most = 5;  // four pixels, and the multiplier that keeps their weights' sum
using Matrix = std::array<std::array<double, most + 1>, most>;

/// Solves n equations, whose right-hand sides are in column n, by elimination with the greatest
/// pivot; the solution takes that column's place.
void solve(Matrix& a, std::size_t n) noexcept {
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    std::swap(a[k], a[pivot]);
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      double const factor = a[i][k] / a[k][k];
      for (std::size_t j = k; j <= n; ++j) a[i][j] -= factor * a[k][j];
    }
  }
  for (std::size_t k = 0; k < n; ++k) a[k][n] /= a[k][k];
}

}  // namespace

NeighbourWeights kriging_weights(int before, int behind, RunSides sides) {
  // Positions of the good pixels, this one being at 0, and their places in the result.
  std::array<double, 4> at{};
  std::array<std::size_t, 4> place{};
  std::size_t n = 0;
  for (int i = 0; i < sides.left; ++i, ++n) {
    at[n] = -(before + 1 + i);
    place[n] = static_cast<std::size_t>(i);
  }
  for (int i = 0; i < sides.right; ++i, ++n) {
    at[n] = behind + 1 + i;
    place[n] = static_cast<std::size_t>(2 + i);
  }
  Matrix equations{};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) equations[i][j] = covariance(at[i] - at[j]);
    equations[i][n] = equations[n][i] = 1.0;
    equations[i][n + 1] = covariance(at[i]);
  }
  equations[n][n + 1] = 1.0;
  solve(equations, n + 1);
  NeighbourWeights weights{};
  for (std::size_t i = 0; i < n; ++i) weights[place[i]] = equations[i][n + 1];
  return weights;
}

std::size_t KrigingTable::index(int before, int behind, RunSides sides) noexcept {
  auto const place = (std::min(before, reach) * (reach + 1) + std::min(behind, reach)) * 9 +
                     sides.left * 3 + sides.right;
  return static_cast<std::size_t>(place);
}

KrigingTable::KrigingTable() : weights_(index(reach, reach, {2, 2}) + 1) {
  for (int before = 0; before <= reach; ++before)
    for (int behind = 0; behind <= reach; ++behind)
      for (int left = 0; left <= 2; ++left)
        for (int right = 0; right <= 2; ++right)
          if (left + right > 0)
            weights_[index(before, behind, {left, right})] =
                kriging_weights(before, behind, {left, right});
}

NeighbourWeights const& KrigingTable::operator()(int before, int behind,
                                                 RunSides sides) const noexcept {
  return weights_[index(before, behind, sides)];
}

}  // namespace isr

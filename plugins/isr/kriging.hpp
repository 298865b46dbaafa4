#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace isr {

/// What a bad pixel's value is made of: good pixels of its row, first the nearer and the further
/// one on the left, then those on the right. Weights sum to 1; those of absent pixels are 0.
using NeighbourWeights = std::array<double, 4>;

/// Good pixels beside a run of bad ones.
struct RunSides {
  int left = 2, right = 2;  ///< 0 … 2, not both 0
};

/// Ordinary kriging (ISR document, "Interpolation formula"): weights of least variance for pixels
/// whose covariance at a distance of d pixels is exp(−d²/4), which is that of a field seen through
/// a Gaussian PSF of sigma 1 pixel, and whose sum is 1.
///
/// \param before, behind  bad pixels between this one and the good ones on the left, on the right
NeighbourWeights kriging_weights(int before, int behind, RunSides sides);

/// The weights of all runs of bad pixels, each computed once.
class KrigingTable {
 public:
  KrigingTable();
  NeighbourWeights const& operator()(int before, int behind, RunSides sides) const noexcept;

 private:
  // Beyond so many pixels the covariance, exp(−9²/4) = 2e-9, is no more.
  static constexpr int reach = 8;
  static std::size_t index(int before, int behind, RunSides sides) noexcept;
  std::vector<NeighbourWeights> weights_;
};

}  // namespace isr

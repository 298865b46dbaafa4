#pragma once

#include <cstdint>
#include <vector>

#include "scene.hpp"
#include "sdss_files.hpp"

namespace simulate {

/// Stars laid out to measure a pipeline with: one star or one pair in each cell of a square grid,
/// away from the cell's sides, with a given signal to noise in every filter.
///
///     +-------+-------+-------+
///     |   *   |     * |       |
///     |       |       |  * *  |   positions and the angles of pairs are random,
///     +-------+-------+-------+   with them the sub-pixel phases
struct StarLayout {
  double spacing = 48.0;         ///< side of a cell [pixel]
  double lowest_snr = 10.0;      ///< of each star, uniform in the logarithm up to …
  double highest_snr = 300.0;    ///< … this
  int calibration_stars = 0;     ///< cells, evenly spread, with one bright star instead
  double pair_separation = 0.0;  ///< [pixel]; 0 = one star in each cell; at most largest_pair()
};

/// How far apart the stars of a pair may be so that both stay in their cell, wherever in its middle
/// half theirs is and however they are turned [pixel].
constexpr double largest_pair(double spacing) noexcept {
  return 0.5 * spacing;
}

/// \param reference  the filter whose pixels the grid lies on; the others see the stars within a
///                   pixel of there
std::vector<SkyObject> lay_out(StarLayout const& layout, FieldDescription const& field,
                               std::size_t reference, std::uint64_t seed);

/// Where a profile falls to half of its peak, twice the mean distance in x and y [pixel].
double full_width_half_maximum(Mixture const& profile);

}  // namespace simulate

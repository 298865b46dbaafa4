#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "almagest/geometry.hpp"

namespace astrometry {

/// Positions of two lists that belong together, by index.
struct IndexPair {
  std::size_t source;
  std::size_t reference;
  bool operator==(IndexPair const&) const = default;
};

/// The pairs in which each is the nearest of the other list's and which are not further apart than
/// `radius`, by rising source. Each index appears at most once.
std::vector<IndexPair> mutual_nearest(std::span<almagest::Point const> sources,
                                      std::span<almagest::Point const> references, double radius);

}  // namespace astrometry

#pragma once

#include <cstddef>
#include <vector>

#include "almagest/footprint.hpp"

namespace measurement {

/// A parent and its children, as rows of the catalogue: indices of FootprintSet::footprints.
struct Family {
  std::size_t parent;
  std::size_t first_child;
  std::size_t end;  ///< after the last child; first_child without children

  std::size_t child_count() const noexcept { return end - first_child; }
  bool operator==(Family const&) const = default;
};

/// One family per parent, in order.
/// \throws DataError when the children do not follow their parents' order or name none
std::vector<Family> families_of(almagest::FootprintSet const& set);

}  // namespace measurement

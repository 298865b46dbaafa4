#include "families.hpp"

#include <string>

#include "almagest/error.hpp"

namespace measurement {
using namespace almagest;

std::vector<Family> families_of(FootprintSet const& set) {
  if (set.children.size() > set.footprints.size())
    throw DataError("footprints: " + std::to_string(set.children.size()) + " children among " +
                    std::to_string(set.footprints.size()) + " footprints");
  std::size_t const parents = set.parent_count();
  std::vector<Family> families;
  families.reserve(parents);
  std::size_t child = 0;
  for (std::size_t parent = 0; parent < parents; ++parent) {
    std::size_t const first = child;
    while (child < set.children.size() && set.children[child].parent == parent) ++child;
    families.push_back({parent, parents + first, parents + child});
  }
  if (child < set.children.size())
    throw DataError("footprints: child " + std::to_string(child) + " has parent " +
                    std::to_string(set.children[child].parent) + " of " + std::to_string(parents) +
                    "; children must stand parent by parent");
  return families;
}

}  // namespace measurement

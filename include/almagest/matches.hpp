#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/header.hpp"
#include "almagest/product.hpp"
#include "almagest/reference_catalog.hpp"

namespace almagest {

/// A source and the reference object that it is.
struct Match {
  std::int64_t source_id = 0;
  Point pixel;                ///< the source's centroid, parent frame
  ReferenceObject reference;  ///< at the exposure's epoch
  double distance = 0.0;      ///< between source and reference on the sky [rad]
  bool fitted = false;        ///< used in the fit of the WCS
  bool operator==(Match const&) const = default;
};

/// Sources matched to a reference catalogue, by rising source id; each source and each reference
/// object at most once.
struct Matches {
  std::vector<Match> pairs;
  Header metadata;  ///< of the catalogue and the region that was loaded
};

template <>
struct ProductTraits<Matches> {
  static constexpr std::string_view id = "almagest.Matches/1";
};

}  // namespace almagest

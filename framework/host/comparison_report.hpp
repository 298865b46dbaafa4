#pragma once

#include <string>
#include <vector>

#include "host/catalog_comparison.hpp"

namespace almagest {

/// Which catalogue is A and which is B, and how their angles were read: two lines.
std::string catalogs_text(ComparedCatalog const& a, ComparedCatalog const& b);

/// What `almagest compare` prints: a table per frame, a line per quantity, a column per range of
/// signal-to-noise ratio.
std::string comparison_text(std::vector<FrameComparison> const& frames, double radius,
                            MatchSpace space);

/// The same numbers in JSON, one object per frame; those that nothing tells are null.
std::string comparison_json(std::vector<FrameComparison> const& frames);

}  // namespace almagest

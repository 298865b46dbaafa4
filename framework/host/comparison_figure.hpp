#pragma once

#include <string>
#include <vector>

#include "host/catalog_comparison.hpp"
#include "host/figure.hpp"

namespace almagest {

/// Pictures of what was compared: fluxes, sizes and positions of matched rows against B's
/// signal-to-noise ratio, position offsets on both axes, completeness. What the catalogues do not
/// have in common is left out.
///
/// \param radius  of the matches, for the subtitle [pixel], or [arcsec] on the sky
Figure comparison_figure(std::vector<FrameComparison> const& frames, double radius,
                         MatchSpace space);

}  // namespace almagest

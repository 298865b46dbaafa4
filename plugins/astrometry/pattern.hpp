#pragma once

#include <cstddef>
#include <span>

#include "almagest/geometry.hpp"

namespace astrometry {

/// How far off the positions may be, and when two of them agree.
struct PatternLimits {
  double shift = 15.0;     ///< largest shift of the field's centre [arcsec]
  double rotation = 0.02;  ///< largest rotation about it [rad]
  double tolerance = 2.0;  ///< how far apart a source and its reference object may then be [arcsec]
};

/// A rotation about the field's centre followed by a shift, and how well it is supported.
struct Pattern {
  double rotation = 0.0;       ///< [rad], counted from x to y
  almagest::Point shift;       ///< [arcsec]
  std::size_t agreeing = 0;    ///< sources that it brings onto a reference object
  double chance = 0.0;         ///< how many it would by chance
  std::size_t hypotheses = 0;  ///< tried
  double false_alarm = 1.0;    ///< expected number of such patterns between unrelated catalogues

  almagest::Point operator()(almagest::Point p) const noexcept;
};

/// Finds the small rotation and shift that bring the most sources onto reference objects.
///
/// Each pair of sources that can be a pair of reference objects (both within reach, the same
/// length, turned by no more than allowed) is a hypothesis; all sources vote on it, and the winner
/// is refined by least squares. This is the idea of the "pessimistic B" matcher (Tabur 2007;
/// science document, section 9) for a WCS that is nearly right, where reach alone leaves few
/// candidates; missing and spurious objects cost votes and nothing else. Deterministic.
///
/// \param sources     positions on the tangent plane about the field's centre [arcsec], brightest
///                    first: the search ends early when half of them have agreed
/// \param references  positions on the same plane, brightest first
/// \param area        of the plane that the references come from [arcsec²], to tell chance
/// \returns the best; with fewer than two sources or references, or when no pair can be the same,
///          one that nothing supports
Pattern find_pattern(std::span<almagest::Point const> sources,
                     std::span<almagest::Point const> references, double area,
                     PatternLimits const& limits);

}  // namespace astrometry

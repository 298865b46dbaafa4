#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/mask.hpp"

#include "sharpness.hpp"

namespace repair {

struct FinderOptions {
  SharpnessLimits limits{6.0, 0.6, 2.5};            ///< of a pixel that a ray may begin with
  SharpnessLimits neighbour_limits{2.5, 0.8, 0.0};  ///< of one next to a ray
  double min_total = 150.0;  ///< least sum over the pixels that a ray begins with [image's unit]
  int iterations = 50;       ///< most rounds in which rays grow into their neighbours
  std::size_t max_pixels = 10000;
  almagest::MaskPixel ignored = 0;       ///< pixels with these bits are no cosmic ray
  almagest::MaskPixel interpolated = 0;  ///< nor are those next to one of these
};

struct FoundRays {
  std::vector<almagest::Pixel> pixels;  ///< array indices, row by row
  std::size_t count = 0;                ///< rays: groups of pixels that touch, also by a corner
};

/// Runs body(begin, end) over 0 … n: Context::parallel_for, or a plain loop in a test.
using ForEachRange =
    std::function<void(std::size_t n, std::function<void(std::size_t, std::size_t)> const& body)>;

/// Finds cosmic rays: pixels that rise too steeply for a star (science document, section 9).
///
/// Pixels that pass the full test and touch each other are a ray when their light above the
/// background adds up to `min_total`. A ray then grows, round by round until nothing is added:
/// where its pixels are replaced by what stands beside them, a neighbour belongs to it that passes
/// the easier test. So a track is followed where it is faint, crosses a star, or is two pixels
/// wide.
///
/// \param frame  its pixels serve as working space and come back as they were
/// \throws DataError when there are more than `max_pixels`
FoundRays find_cosmic_rays(almagest::MaskedImage& frame, PsfRatios const& psf, double background,
                           FinderOptions const& options, ForEachRange const& for_each_range);

}  // namespace repair

#pragma once

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

#include "region.hpp"

namespace deblend {

/// What one source is taken to look like: light [adu], and the pixels that it may have, in the same
/// box.
struct Template {
  almagest::Image<float> image;
  Region region;
};

/// The most light that can be symmetric about a peak: each pixel and its mirror image get the
/// fainter of the two, or 0 where that is negative or not finite.
///
/// \param image   background-subtracted counts; its box holds the region's
/// \param region  the pixels that may be used; those whose mirror does not belong to it are left
/// out
/// \param peak    centre of symmetry, parent frame
/// \returns a template whose box is just large enough; empty when the peak is not in the region
Template symmetric_template(almagest::Image<float> const& image, Region const& region,
                            almagest::Pixel peak);

/// The part of a template inside a box of the parent frame, in the smallest box that holds it.
Template cut(Template const& source, almagest::Box const& box);

}  // namespace deblend

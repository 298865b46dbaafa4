#pragma once

#include "almagest/footprint.hpp"
#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

#include "symmetric_template.hpp"

namespace deblend {

/// Whether a pixel at the edge of a template (one of its four neighbours does not belong to it) has
/// at least `limit` [adu]: the source is cut off there.
bool cut_off(Template const& source, float limit);

/// How far a template is continued: 1.5 FWHM, made an odd number of pixels.
int ramp_reach(double fwhm);

/// A symmetric template that goes on beyond the parent's footprint: light falls off there like the
/// PSF.
///
/// The footprint, dilated by a disc of `reach`, is mirrored anew. Pixels without data, or of
/// exactly 0, take the most that the PSF, its maximum as bright as an edge pixel of the first
/// template, brings there.
///
/// \param image   background-subtracted counts, the whole frame
/// \param parent  the blend's footprint
/// \param source  the template that is cut off
/// \param psf     the PSF, centred on (0, 0)
/// \param peak    parent frame
/// \param last_pixel_only  of each run of edge pixels along a row only the last one counts
/// \returns a template inside the frame, which may reach beyond the parent's footprint
Template ramped_template(almagest::Image<float> const& image, almagest::Footprint const& parent,
                         Template const& source, almagest::Image<double> const& psf, int reach,
                         almagest::Pixel peak, bool last_pixel_only);

}  // namespace deblend

#pragma once

#include "almagest/exposure.hpp"
#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/mask.hpp"
#include "almagest/moments.hpp"
#include "almagest/statistics.hpp"

/// What surrounds a source: the sky in a ring, the noise under it.
namespace measurement {

/// The clipped level of the sky in a ring of pixels around a source.
///
/// \param centre  parent frame
/// \param inner, outer  radii of the ring [pixel]
/// \param bad     pixels with any of these bits, and those that are not finite, are left out
/// \throws MeasurementError when no pixel is left
almagest::ClippedStatistics ring_level(almagest::Image<float> const& image,
                                       almagest::Mask const& mask, almagest::MaskPixel bad,
                                       almagest::Point centre, double inner, double outer);

/// The median variance in an ellipse around a source [counts²].
///
/// \param moments  of the source [pixel²]; \param reach  the ellipse is so many σ wide
/// \param bad      pixels with any of these bits, and those that are not finite, are left out
/// \param max_radius  the ellipse is cut at this distance along x and y [pixel]
/// \throws MeasurementError when no pixel is left, or the moments are no ellipse
double median_variance(almagest::Image<float> const& variance, almagest::Mask const& mask,
                       almagest::MaskPixel bad, almagest::Point centre,
                       almagest::Quadrupole const& moments, double reach, double max_radius);

}  // namespace measurement

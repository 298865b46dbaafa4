#pragma once

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/psf.hpp"

namespace measurement {

/// How much of a star's light a circle around it holds, by the PSF alone: what sinc_aperture_flux()
/// finds of the PSF at a position, over all of its light.
///
/// \param weights  of a circle of this radius around (0, 0); \param radius [pixel]
/// \throws MeasurementError when the PSF has no light there
double psf_share(almagest::Psf const& psf, almagest::Point position,
                 almagest::Image<float> const& weights, double radius);

}  // namespace measurement

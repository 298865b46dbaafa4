#pragma once

#include "almagest/detector.hpp"
#include "almagest/geometry.hpp"
#include "almagest/instrument.hpp"
#include "almagest/wcs.hpp"

/// From pixels to the sky through a camera's focal plane and optics (ISR document 3.2, 8.19).
namespace almagest {

/// Where a telescope points.
struct Pointing {
  SkyPoint boresight;         ///< [rad]
  double rotation_rad = 0.0;  ///< of the camera against the sky, boresight_rotation_angle
};

/// Sky position of a pixel position: pixel → focal plane → field angle → TAN about the boresight,
/// xi = −fx cosθ + fy sinθ, eta = fx sinθ + fy cosθ (fx mirrored where the camera says so).
SkyPoint pixel_to_sky(Instrument const& instrument, Pointing const& pointing,
                      Detector const& detector, Point pixel);
/// \throws DataError on the other hemisphere, or where the distortion cannot be inverted
Point sky_to_pixel(Instrument const& instrument, Pointing const& pointing, Detector const& detector,
                   SkyPoint sky);

/// A TAN-SIP WCS that follows the camera's model over a detector to better than 1e-3 pixel, or as
/// well as `sip_order` allows.
Wcs camera_wcs(Instrument const& instrument, Pointing const& pointing, Detector const& detector,
               int sip_order = 4);

}  // namespace almagest

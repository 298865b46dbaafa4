#pragma once

#include <vector>

#include "almagest/geometry.hpp"
#include "random.hpp"

namespace simulate {

/// Charge that a cosmic ray leaves in a pixel.
struct CosmicRayHit {
  almagest::Pixel pixel;
  double charge = 0.0;  ///< [electron]
};

/// Straight tracks of 5 to 80 pixels through a thick CCD. A minimum-ionising particle leaves some
/// 80 electrons per micrometre (Review of Particle Physics, silicon), a fifth more or less.
///
/// \param count        mean number of tracks
/// \param pixel_um     side of a pixel
/// \param thickness_um of the silicon
/// \returns hits inside the box, a pixel may be there more than once
std::vector<CosmicRayHit> cosmic_rays(almagest::Box const& box, double count, double pixel_um,
                                      double thickness_um, Random& random);

}  // namespace simulate

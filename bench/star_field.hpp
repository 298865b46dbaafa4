#pragma once

#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/footprint.hpp"
#include "almagest/geometry.hpp"

/// A made-up frame with known stars: what the benchmarks work on.
namespace bench {

struct Star {
  almagest::Point position;  ///< parent frame
  double flux;               ///< [adu]
};

struct StarField {
  almagest::Exposure exposure;  ///< sky, noise and stars; with variance, PSF and WCS
  std::vector<Star> stars;
};

/// Size of an SDSS frame without the rows it shares with the next one [pixel].
inline constexpr int frame_width = 2048;
inline constexpr int frame_height = 1361;
/// Sky [adu] and gain [electrons/adu] of a typical SDSS r frame.
inline constexpr double sky_level = 130.0;
inline constexpr double gain = 4.7;

/// Stars at random places with as many in each decade of flux, from S/N 5 to saturation, none
/// within 75 pixels of a side (so that the largest aperture fits). The same at every call.
///
/// \param sky  left in the image [adu]; the noise is that of sky_level in any case
StarField star_field(int star_count, double sky);

/// One disc of 8 pixels radius and one peak for each star, as a detection would give them for stars
/// that stand apart.
almagest::FootprintSet footprints_of(StarField const& field);

/// The PSF of the field: four basis images of 31 x 31 pixels with second-order polynomials, the
/// cost of an SDSS psField.
std::shared_ptr<almagest::Psf const> field_psf();

}  // namespace bench

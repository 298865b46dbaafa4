#include <cmath>
#include <limits>
#include <numbers>
#include <optional>

#include "almagest/error.hpp"

#include "further_algorithms.hpp"
#include "kron.hpp"

namespace measurement {
using namespace almagest;

namespace {

// ⟨r⟩ of a Gaussian is this many σ.
double const gaussian_kron = std::sqrt(std::numbers::pi / 2.0);

}  // namespace

void KronFlux::declare(Schema& schema, std::string const& prefix) {
  shape_.find(schema, "base_SdssShape");
  flux_ = schema.add<double>(prefix + "_instFlux", "ct", "Flux in an ellipse of Kron's radius");
  error_ = schema.add<double>(prefix + "_instFluxErr", "ct", "Standard deviation of the flux");
  radius_ =
      schema.add<float>(prefix + "_radius", "pix", "Kron radius that the flux was taken with");
  radius_for_radius_ = schema.add<float>(prefix + "_radius_for_radius", "pix",
                                         "How far light was followed for the Kron radius");
  psf_radius_ = schema.add<float>(prefix + "_psf_radius", "pix", "Kron radius of the PSF");
  flag_ = schema.add_flag(prefix + "_flag", "The flux is not to be trusted");
  edge_ = schema.add_flag(prefix + "_flag_edge", "The ellipse leaves the image");
  bad_shape_no_psf_ = schema.add_flag(prefix + "_flag_bad_shape_no_psf",
                                      "The source has no shape, and there is no PSF");
  no_minimum_radius_ = schema.add_flag(prefix + "_flag_no_minimum_radius",
                                       "Neither a PSF nor a parameter gives a smallest radius");
  no_fallback_radius_ =
      schema.add_flag(prefix + "_flag_no_fallback_radius",
                      "The source has no Kron radius, and neither a PSF nor a parameter gives one");
  bad_radius_ =
      schema.add_flag(prefix + "_flag_bad_radius",
                      "The source has no Kron radius, or one beyond where light was followed");
  used_minimum_radius_ =
      schema.add_flag(prefix + "_flag_used_minimum_radius", "The smallest allowed radius was used");
  used_psf_radius_ =
      schema.add_flag(prefix + "_flag_used_psf_radius", "The PSF's Kron radius was used");
  small_radius_ = schema.add_flag(prefix + "_flag_small_radius",
                                  "The measured Kron radius is below the smallest one");
  bad_pixels_ = schema.add_flag(prefix + "_flag_bad_pixels",
                                "Pixels that are not numbers were left out of radius or flux");
  bad_shape_ = schema.add_flag(prefix + "_flag_bad_shape",
                               "The source has no shape; that of the PSF was used");
}

KronFlux::Aperture KronFlux::aperture_of(SourceRecord& source) const {
  bool const has_psf = source.exposure.has_psf();
  Quadrupole psf;
  double psf_radius = 0.0;
  if (has_psf) {
    psf = source.exposure.psf->shape(source.centroid);
    psf_radius = gaussian_kron * psf.determinant_radius();
    source.set(psf_radius_, static_cast<float>(psf_radius));
  }

  Quadrupole moments = shape_.moments(source);
  if (!shape_.good(source)) {
    source.set(bad_shape_, true);
    source.set(bad_shape_no_psf_, !has_psf);
    if (!has_psf) throw MeasurementError("Kron flux: neither a shape nor a PSF");
    moments = psf;
  }

  double const smallest = *minimum_radius > 0.0 ? *minimum_radius : psf_radius;
  source.set(no_minimum_radius_, smallest == 0.0);
  auto const [radius, holed] =
      kron_radius(source.exposure.image(), source.centroid, moments, *radius_reach, *max_radius);
  source.set(bad_pixels_, holed);
  source.set(radius_for_radius_, static_cast<float>(*radius_reach * moments.determinant_radius()));
  source.set(bad_radius_, !radius);
  source.set(no_fallback_radius_, !radius && smallest == 0.0);
  if (!radius && smallest == 0.0)
    throw MeasurementError("Kron flux: no Kron radius, and no smallest one");

  bool const too_small = radius && *radius < smallest;
  source.set(small_radius_, too_small);
  if (radius && !too_small) return {moments, *radius};
  source.set(*minimum_radius > 0.0 ? used_minimum_radius_ : used_psf_radius_, true);
  return {moments, smallest};
}

void KronFlux::measure(SourceRecord& source) const {
  Aperture const aperture = aperture_of(source);
  EllipseFlux const result =
      ellipse_flux(source.exposure.image(), source.exposure.variance(), source.centroid,
                   aperture.moments, *flux_radii * aperture.radius);
  source.set(radius_, static_cast<float>(aperture.radius));
  source.set(flux_, result.flux);
  source.set(error_, result.error);
  source.set(edge_, result.truncated);
  if (result.bad_pixels) source.set(bad_pixels_, true);
  source.set(flag_, source.centroid_bad || source.get(bad_radius_) || result.truncated ||
                        source.get(bad_pixels_));
}

}  // namespace measurement

// base_GaussianFlux, base_PsfFlux and base_CircularApertureFlux.
#include "base_algorithms.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "almagest/value.hpp"

#include "gaussian_flux.hpp"
#include "psf_flux.hpp"
#include "sinc_aperture.hpp"

namespace measurement {
using namespace almagest;

void FluxKeys::declare(Schema& schema, std::string const& prefix, std::string const& what) {
  flux = schema.add<double>(prefix + "_instFlux", "ct", what);
  error = schema.add<double>(prefix + "_instFluxErr", "ct", "Standard deviation of the flux");
  flag = schema.add_flag(prefix + "_flag", "The flux is not to be trusted");
}

void GaussianFlux::declare(Schema& schema, std::string const& prefix) {
  flux_.declare(schema, prefix, "Flux under the Gaussian of the adaptive moments");
  xx_ = schema.key<double>("base_SdssShape_xx");
  yy_ = schema.key<double>("base_SdssShape_yy");
  xy_ = schema.key<double>("base_SdssShape_xy");
  shape_flag_ = schema.key<bool>("base_SdssShape_flag");
  bad_pixels_ =
      schema.add_flag(prefix + "_flag_badPixels", "Pixels that are not numbers count as 0");
}

void GaussianFlux::measure(SourceRecord& source) const {
  Quadrupole const moments{source.get(xx_), source.get(yy_), source.get(xy_)};
  GaussianFluxResult const result =
      gaussian_flux(source.exposure.image(), source.exposure.variance(), source.centroid, moments,
                    {.sum_subpixels = *sum_subpixels, .truncate_centre = *truncate_centre});
  source.set(flux_.flux, result.flux);
  source.set(flux_.error, result.error);
  bool const untrusted = source.centroid_bad || source.get(shape_flag_);
  source.set(bad_pixels_, result.bad_pixels);
  source.set(flux_.flag,
             !std::isfinite(result.flux) || result.bad_pixels || (untrusted && !*clear_flag));
}

void PsfFlux::declare(Schema& schema, std::string const& prefix) {
  flux_.declare(schema, prefix, "Flux of the best-fitting PSF");
  area_ = schema.add<float>(prefix + "_area", "pix2", "Effective area of the PSF");
  edge_ = schema.add_flag(prefix + "_flag_edge", "The image's side cuts the PSF");
  no_good_pixels_ =
      schema.add_flag(prefix + "_flag_noGoodPixels", "No pixel could be used for the fit");
}

void PsfFlux::measure(SourceRecord& source) const {
  PsfFluxResult const result = psf_flux(source.exposure.image(), source.exposure.variance(),
                                        source.exposure.require_psf().stamp(source.centroid));
  bool const none = !std::isfinite(result.flux);
  source.set(flux_.flux, result.flux);
  source.set(flux_.error, result.error);
  source.set(area_, static_cast<float>(result.area));
  source.set(edge_, result.edge);
  source.set(no_good_pixels_, none);
  source.set(flux_.flag, source.centroid_bad || result.edge || none || result.bad_pixels);
}

std::string radius_name(double radius) {
  std::string name = to_string(Value(radius));
  if (name.find('.') == std::string::npos) name += ".0";
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

void CircularApertureFlux::declare(Schema& schema, std::string const& prefix) {
  for (double const radius : *radii) {
    std::string const name = prefix + "_" + radius_name(radius);
    Aperture aperture{radius, {}, {}, {}, {}};
    aperture.flux.declare(schema, name, "Flux within " + to_string(Value(radius)) + " pixels");
    aperture.truncated =
        schema.add_flag(name + "_flag_apertureTruncated", "The circle leaves the image");
    if (radius > *max_sinc_radius) {
      plain_.push_back(std::move(aperture));
      continue;
    }
    aperture.weights_cut = schema.add_flag(name + "_flag_sincCoeffsTruncated",
                                           "The image's side cuts the circle's outer weights");
    aperture.weights = sinc_aperture(radius);
    exact_.push_back(std::move(aperture));
  }
  std::sort(plain_.begin(), plain_.end(),
            [](Aperture const& a, Aperture const& b) { return a.radius < b.radius; });
  for (Aperture const& aperture : plain_) plain_radii_.push_back(aperture.radius);
}

void CircularApertureFlux::store(SourceRecord& source, Aperture const& aperture,
                                 ApertureFluxResult const& result) const {
  source.set(aperture.flux.flux, result.flux);
  source.set(aperture.flux.error, result.error);
  source.set(aperture.truncated, result.truncated);
  source.set(aperture.flux.flag, source.centroid_bad || result.truncated || result.bad_pixels);
}

void CircularApertureFlux::measure(SourceRecord& source) const {
  Image<float> const& image = source.exposure.image();
  Image<float> const& variance = source.exposure.variance();
  ApertureBorder const border =
      *unshifted_border ? ApertureBorder::unshifted : ApertureBorder::zero;
  for (Aperture const& aperture : exact_) {
    ApertureFluxResult const result = sinc_aperture_flux(image, variance, aperture.weights,
                                                         source.centroid, aperture.radius, border);
    store(source, aperture, result);
    source.set(aperture.weights_cut, result.weights_cut);
  }
  std::vector<ApertureFluxResult> results(plain_.size());
  plain_aperture_fluxes(image, variance, source.centroid, plain_radii_, results);
  for (std::size_t i = 0; i < plain_.size(); ++i) store(source, plain_[i], results[i]);
}

}  // namespace measurement

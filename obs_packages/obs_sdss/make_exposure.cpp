#include "make_exposure.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "almagest/error.hpp"
#include "almagest/instrument.hpp"
#include "exposure_parts.hpp"

namespace obs_sdss {

using namespace almagest;

namespace {

/// A positive number of the camera's `[constants]`.
double camera_constant(Instrument const& instrument, std::string const& name) {
  ConfigValue const* const value = instrument.constants().find(name);
  double number = 0.0;
  if (!value || !ConfigTraits<double>::read(*value, number) || !(number > 0))
    throw ConfigError(value ? value->where : Where{}, "camera '" + instrument.name() +
                                                          "' needs a positive number '" + name +
                                                          "' in [constants] of its camera.toml");
  return number;
}

/// The camera's detector of a column, or one of the image's size when the camera lists none.
Detector detector_of(Instrument const& instrument, std::int64_t camcol, Box const& box) {
  for (Detector const& detector : instrument.detectors())
    if (detector.id == camcol) {
      Detector found = detector;
      found.box = box;
      return found;
    }
  return {.name = std::to_string(camcol), .id = static_cast<int>(camcol), .box = box};
}

std::int64_t count(Mask const& mask, std::string_view plane) {
  MaskPixel const bit = mask.bit(plane);
  return std::ranges::count_if(mask.image().pixels(),
                               [bit](MaskPixel pixel) { return (pixel & bit) != 0; });
}

}  // namespace

void MakeExposure::prepare(Setup& setup) {
  Instrument const& camera = setup.instrument();
  exposure_time_s_ = camera_constant(camera, "exposure_time_s");
  row_period_s_ = camera_constant(camera, "row_period_s");
  changed_dark_variances_ = DarkVariances(camera);
}

double MakeExposure::dark_variance_of(DataId const& id, FieldCalibration const& field) const {
  return *dark_variance ? changed_dark_variances_.of(id, field.dark_variance) : 0.0;
}

Outcome MakeExposure::run(Context& context) const {
  Frame const& fpc = context.get(frame);
  FrameMask const& fpm = context.get(frame_mask);
  FieldCalibration const& field = context.get(calibration);

  int const width = fpc.pixels.width();
  int const height = fpc.pixels.height();
  if (fpm.width != width || fpm.height != height)
    throw DataError("the fpM mask belongs to a frame of " + std::to_string(fpm.width) + " × " +
                    std::to_string(fpm.height) + " pixels, but " + fpc.header.origin() + " has " +
                    std::to_string(width) + " × " + std::to_string(height));
  int const rows = height - (*remove_overlap ? static_cast<int>(*overlap) : 0);
  if (rows <= 0)
    throw DataError(fpc.header.origin() + " has " + std::to_string(height) +
                    " rows: none is left without the overlapSize = " + std::to_string(*overlap));
  Box const box{0, 0, width, rows};

  Exposure result{MaskedImage{}};
  result.image() = to_counts(fpc.pixels, rows, *remove_pedestal ? *pedestal : 0.0);
  // The pedestal is no light: where it stays in the image it must not enter the photon noise.
  result.variance() =
      counts_variance(*remove_pedestal ? result.image() : to_counts(fpc.pixels, rows, *pedestal),
                      field.gain, dark_variance_of(context.id(), field));
  result.mask() = Mask(box);
  paint(result.mask(), "INTRP", fpm.interpolated);
  paint(result.mask(), "SAT", fpm.saturated);
  paint(result.mask(), "CR", fpm.cosmic_rays);

  if (*load_sdss_wcs) {
    WcsFit fit = fit_tan_sip(context.get(astrometry), box, *wcs_tolerance);
    context.record(wcs_residual, fit.maximum_arcsec * 1000.0);
    result.wcs = std::move(fit.wcs);
  } else {
    result.wcs = wcs_from_header(fpc.header);
  }
  result.psf = context.get(field_psf).psf;
  result.photo_calib = photo_calib(field, exposure_time_s_);

  result.id = context.id();
  result.detector = detector_of(context.instrument(), result.id.integer("camcol"), box);
  result.visit_info = visit_info(fpc.header, field, rows, exposure_time_s_, row_period_s_);
  result.visit_info.exposure_id = context.instrument().exposure_id(result.id).value;
  result.visit_info.band = result.id.text("filter");
  result.metadata = kept_cards(fpc.header);
  result.metadata.set("BUNIT", std::string("adu"), "unit of the image");
  result.metadata.set("GAIN", field.gain, "electrons per adu (tsField)");
  if (*remove_pedestal) result.metadata.set("SOFTBIAS", 0.0, "pedestal left in the counts [adu]");

  context.record(gain, field.gain);
  context.record(zero_flux, result.photo_calib->flux_mag0);
  context.record(saturated, count(result.mask(), "SAT"));
  context.record(interpolated, count(result.mask(), "INTRP"));
  context.record(cosmic_rays, count(result.mask(), "CR"));
  context.put(psf, result.psf);
  context.put(exposure, std::move(result));
  return done;
}

}  // namespace obs_sdss

#include "further_algorithms.hpp"

#include <cmath>

#include "almagest/error.hpp"

#include "mask_bits.hpp"
#include "naive_centroid.hpp"
#include "surroundings.hpp"

namespace measurement {
using namespace almagest;

void ShapeKeys::find(Schema const& schema, std::string const& shape) {
  xx = schema.key<double>(shape + "_xx");
  yy = schema.key<double>(shape + "_yy");
  xy = schema.key<double>(shape + "_xy");
  flag = schema.key<bool>(shape + "_flag");
}

bool ShapeKeys::good(SourceRecord const& source) const {
  Quadrupole const q = moments(source);
  return !source.get(flag) && q.xx > 0.0 && q.yy > 0.0 && q.determinant() > 0.0;
}

void NaiveCentroid::declare(Schema& schema, std::string const& prefix) {
  x_ = schema.add<double>(prefix + "_x", "pix", "Centre of gravity of 3 x 3 pixels, x");
  y_ = schema.add<double>(prefix + "_y", "pix", "Centre of gravity of 3 x 3 pixels, y");
  flag_ = schema.add_flag(prefix + "_flag", "The centroid could not be measured");
  no_counts_ =
      schema.add_flag(prefix + "_flag_noCounts", "The 3 x 3 pixels hold no light, or not a number");
  edge_ = schema.add_flag(prefix + "_flag_edge", "Too near the image's side");
  reset_to_peak_ = schema.add_flag(prefix + "_flag_resetToPeak",
                                   "The centroid left the footprint and was set to the peak");
}

void NaiveCentroid::measure(SourceRecord& source) const {
  auto const& peaks = source.footprint.peaks();
  Pixel const peak = peaks.empty() ? nearest_pixel(source.centroid) : peaks.front().pixel;
  NaiveCentroidResult found = naive_centroid(source.exposure.image(), peak, *background);
  bool const outside = found.problem == NaiveCentroidProblem::none &&
                       !source.footprint.contains(nearest_pixel(found.position));
  if (outside) found.position = {static_cast<double>(peak.x), static_cast<double>(peak.y)};
  source.set(x_, found.position.x);
  source.set(y_, found.position.y);
  source.set(flag_, outside || found.problem != NaiveCentroidProblem::none);
  source.set(no_counts_, found.problem == NaiveCentroidProblem::no_counts);
  source.set(edge_, found.problem == NaiveCentroidProblem::edge);
  source.set(reset_to_peak_, outside);
}

void LocalBackground::declare(Schema& schema, std::string const& prefix) {
  position_or_centre(*psf_position, {});  // refuses any other number of values than two or none
  if (*outer <= *inner)
    throw ConfigError(prefix + ": parameter 'outer' must be greater than 'inner'");
  level_ = schema.add<double>(prefix + "_instFlux", "ct",
                              "Clipped mean of the pixels in a ring around the source");
  scatter_ = schema.add<double>(prefix + "_instFluxErr", "ct", "Their standard deviation");
  flag_ = schema.add_flag(prefix + "_flag", "The local background could not be measured");
  no_good_pixels_ = schema.add_flag(prefix + "_flag_noGoodPixels", "No good pixel in the ring");
  no_psf_ = schema.add_flag(prefix + "_flag_noPsf", "There is no PSF to scale the ring by");
}

void LocalBackground::measure(SourceRecord& source) const {
  Exposure const& exposure = source.exposure;
  if (!exposure.has_psf()) {
    source.set(no_psf_, true);
    throw MeasurementError("local background: the exposure has no PSF");
  }
  Point const position =
      psf_position->empty() ? source.centroid : position_or_centre(*psf_position, exposure.bbox());
  double const sigma = exposure.psf->shape(position).determinant_radius();
  try {
    ClippedStatistics const sky =
        ring_level(exposure.image(), exposure.mask(), bits_of(exposure.mask(), *ignore),
                   source.centroid, *inner * sigma, *outer * sigma);
    source.set(level_, sky.mean);
    source.set(scatter_, sky.scatter);
    source.set(flag_, source.centroid_bad);
  } catch (MeasurementError const&) {
    source.set(no_good_pixels_, true);
    source.set(flag_, true);
  }
}

void Variance::declare(Schema& schema, std::string const& prefix) {
  shape_.find(schema, "base_SdssShape");
  value_ = schema.add<double>(prefix + "_value", "ct2", "Median variance around the source");
  flag_ = schema.add_flag(prefix + "_flag", "The variance could not be measured");
  empty_ = schema.add_flag(prefix + "_flag_emptyFootprint", "No good pixel around the source");
}

void Variance::measure(SourceRecord& source) const {
  source.set(flag_, true);  // until it is known
  if (source.centroid_bad || !shape_.good(source)) return;
  Exposure const& exposure = source.exposure;
  try {
    source.set(value_, median_variance(exposure.variance(), exposure.mask(),
                                       bits_of(exposure.mask(), *ignore), source.centroid,
                                       shape_.moments(source), *reach, *max_radius));
    source.set(flag_, false);
  } catch (MeasurementError const&) {
    source.set(empty_, true);
  }
}

void Jacobian::declare(Schema& schema, std::string const& prefix) {
  value_ = schema.add<double>(prefix + "_value", "",
                              "Area of the source's pixel on the sky, in nominal pixels");
  flag_ = schema.add_flag(prefix + "_flag", "The exposure has no WCS");
}

void Jacobian::measure(SourceRecord& source) const {
  double const side =
      source.exposure.require_wcs().pixel_scale(source.centroid) / radians_per_arcsec;
  source.set(value_, side * side / (*pixel_scale * *pixel_scale));
  source.set(flag_, false);
}

}  // namespace measurement

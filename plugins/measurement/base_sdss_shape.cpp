#include "base_algorithms.hpp"

#include <utility>

#include "adaptive_shape.hpp"

namespace measurement {
using namespace almagest;

void SdssShape::declare(Schema& schema, std::string const& prefix) {
  xx_ = schema.add<double>(prefix + "_xx", "pix2", "Adaptive moment xx");
  yy_ = schema.add<double>(prefix + "_yy", "pix2", "Adaptive moment yy");
  xy_ = schema.add<double>(prefix + "_xy", "pix2", "Adaptive moment xy");
  char const* const exchanged =
      *exchange_errors ? " (the LSST stack exchanges xyErr and yyErr)" : "";
  xx_error_ = schema.add<float>(prefix + "_xxErr", "pix2", "Standard deviation of xx");
  yy_error_ = schema.add<float>(
      prefix + "_yyErr", "pix2",
      "Standard deviation of " + std::string(*exchange_errors ? "xy" : "yy") + exchanged);
  xy_error_ = schema.add<float>(
      prefix + "_xyErr", "pix2",
      "Standard deviation of " + std::string(*exchange_errors ? "yy" : "xy") + exchanged);
  x_ = schema.add<double>(prefix + "_x", "pix", "Centroid under the adaptive weight, x");
  y_ = schema.add<double>(prefix + "_y", "pix", "Centroid under the adaptive weight, y");
  flag_ = schema.add_flag(prefix + "_flag", "The adaptive moments are not to be trusted");
  unweighted_ = schema.add_flag(prefix + "_flag_unweighted",
                                "The adaptive weight failed; moments without weight");
  unweighted_bad_ =
      schema.add_flag(prefix + "_flag_unweightedBad", "Moments failed with and without a weight");
  shift_ = schema.add_flag(
      prefix + "_flag_shift",
      "In some pass the weighted centroid was more than 2 pixels from the centroid");
  bad_pixels_ =
      schema.add_flag(prefix + "_flag_badPixels", "Pixels that are not numbers count as 0");
  max_iter_ = schema.add_flag(prefix + "_flag_maxIter", "100 passes did not suffice");
}

void SdssShape::measure(SourceRecord& source) const {
  Shape const shape = adaptive_shape(
      source.exposure.image(), source.exposure.variance(), source.centroid,
      {.sum_subpixels = *sum_subpixels, .unweighted_subpixels = *unweighted_subpixels});
  double error_of_xy = shape.errors.xy, error_of_yy = shape.errors.yy;
  if (*exchange_errors) std::swap(error_of_xy, error_of_yy);
  source.set(xx_, shape.moments.xx);
  source.set(yy_, shape.moments.yy);
  source.set(xy_, shape.moments.xy);
  source.set(xx_error_, static_cast<float>(shape.errors.xx));
  source.set(yy_error_, static_cast<float>(error_of_yy));
  source.set(xy_error_, static_cast<float>(error_of_xy));
  source.set(x_, shape.centroid.x);
  source.set(y_, shape.centroid.y);
  source.set(flag_, shape.failed());
  source.set(unweighted_, shape.unweighted);
  source.set(unweighted_bad_, shape.unweighted_bad);
  source.set(shift_, shape.shifted);
  source.set(max_iter_, shape.many_passes);
  source.set(bad_pixels_, shape.bad_pixels);
}

}  // namespace measurement

#include "base_algorithms.hpp"

#include "almagest/moments.hpp"

#include "peak_centroid.hpp"

namespace measurement {
using namespace almagest;

namespace {

// How much of the PSF may fall on pixels that are not numbers. The whole kernel is far wider than
// what tells the position: a pixel with 1 % of a Gaussian's light moves it by 0.01 sigma.
constexpr double most_bad_share = 0.01;

}  // namespace

void SdssCentroid::declare(Schema& schema, std::string const& prefix) {
  x_ = schema.add<double>(prefix + "_x", "pix", "Centroid, x; the peak's where there is none");
  y_ = schema.add<double>(prefix + "_y", "pix", "Centroid, y; the peak's where there is none");
  x_error_ = schema.add<float>(prefix + "_xErr", "pix", "Standard deviation of x");
  y_error_ = schema.add<float>(prefix + "_yErr", "pix", "Standard deviation of y");
  flag_ = schema.add_flag(prefix + "_flag",
                          "The centroid could not be measured, or is not to be trusted");
  edge_ = schema.add_flag(prefix + "_flag_edge", "Too near the image's side");
  no_second_derivative_ =
      schema.add_flag(prefix + "_flag_noSecondDerivative", "The smoothed image is flat here");
  almost_no_second_derivative_ = schema.add_flag(prefix + "_flag_almostNoSecondDerivative",
                                                 "The smoothed image is nearly flat here");
  not_at_maximum_ =
      schema.add_flag(prefix + "_flag_notAtMaximum", "The smoothed image has no maximum here");
  bad_pixels_ = schema.add_flag(prefix + "_flag_badPixels",
                                "Pixels under the PSF that are not numbers count as 0; more than "
                                "1 % of it sets _flag too");
  reset_to_peak_ = schema.add_flag(prefix + "_flag_resetToPeak",
                                   "The centroid left the footprint and was set to the peak");
}

void SdssCentroid::measure(SourceRecord& source) const {
  Point const peak = source.centroid;
  source.centroid_bad = true;  // until it is known to be good: the PSF may refuse
  Psf const& psf = source.exposure.require_psf();
  Image<double> const kernel = psf.kernel(peak);
  double const sigma = adaptive_moments(kernel, {}).determinant_radius();
  PeakCentroid found = peak_centroid(source.exposure.image(), source.exposure.variance(),
                                     nearest_pixel(peak), kernel, sigma, *inflate_binned_errors);

  bool const outside = found.problem == CentroidProblem::none &&
                       !source.footprint.contains(nearest_pixel(found.position));
  if (outside) found.position = peak;
  source.centroid = found.position;
  source.centroid_bad =
      outside || found.problem != CentroidProblem::none || found.bad_share > most_bad_share;

  source.set(x_, found.position.x);
  source.set(y_, found.position.y);
  source.set(x_error_, static_cast<float>(found.x_error));
  source.set(y_error_, static_cast<float>(found.y_error));
  source.set(flag_, source.centroid_bad);
  source.set(bad_pixels_, found.bad_share > 0.0);
  source.set(reset_to_peak_, outside);
  source.set(edge_, found.problem == CentroidProblem::edge);
  source.set(no_second_derivative_, found.problem == CentroidProblem::no_second_derivative);
  source.set(almost_no_second_derivative_,
             found.problem == CentroidProblem::almost_no_second_derivative);
  source.set(not_at_maximum_, found.problem == CentroidProblem::not_at_maximum);
}

}  // namespace measurement

#include "almagest/plugin.hpp"

#include "amp_offset.hpp"
#include "assemble.hpp"
#include "brighter_fatter.hpp"
#include "crosstalk.hpp"
#include "defects.hpp"
#include "deferred_charge.hpp"
#include "fringe.hpp"
#include "gain.hpp"
#include "interpolate.hpp"
#include "linearity.hpp"
#include "one_pass.hpp"
#include "overscan.hpp"
#include "pixel_arithmetic.hpp"
#include "rough_zero_point.hpp"
#include "saturation.hpp"
#include "set_bad.hpp"
#include "sky_statistics.hpp"
#include "thumbnail.hpp"
#include "vignetting.hpp"
#include "widen_saturation.hpp"

ALMAGEST_PLUGIN("isr", "0.1.0") {
  // In alphabetical order.
  registrar.task<isr::AmpOffset>("amp_offset", "Make the sky of neighbouring amplifiers meet");
  registrar.task<isr::Assemble>("assemble", "Make an exposure of a raw frame's amplifiers");
  registrar.task<isr::Bias>("bias", "Subtract a bias frame");
  registrar.task<isr::BiasAndVariance>("bias_and_variance", "Both in one pass");
  registrar.task<isr::AllArithmetic>("bias_variance_dark_flat", "All four in one pass");
  registrar.task<isr::BrighterFatter>("brighter_fatter",
                                      "Move charge back that charge has pushed away");
  registrar.task<isr::CrosstalkCorrection<almagest::Exposure>>(
      "crosstalk", "Subtract amplifiers' ghosts in each other");
  registrar.task<isr::CrosstalkCorrection<almagest::RawExposure>>(
      "crosstalk_raw", "Subtract amplifiers' ghosts in each other, before assembly");
  registrar.task<isr::Dark>("dark", "Subtract a dark frame, scaled to the exposure's dark time");
  registrar.task<isr::DarkAndFlat>("dark_and_flat", "Both in one pass");
  registrar.task<isr::FlagDefects>("defects", "Flag known bad pixels, and those that are NaN");
  registrar.task<isr::DeferredChargeCorrection>(
      "deferred_charge", "Give charge that was read late back to its pixels");
  registrar.task<isr::Flat>("flat", "Divide by a flat field");
  registrar.task<isr::Fringe>("fringe", "Subtract a scaled fringe frame");
  registrar.task<isr::Gain>("gain", "Multiply each amplifier by its gain: adu to electrons");
  registrar.task<isr::Interpolate>("interpolate", "Interpolate flagged pixels along rows");
  registrar.task<isr::LinearityCorrection<almagest::Exposure>>(
      "linearity", "Make amplifiers' answers proportional to the charge");
  registrar.task<isr::LinearityCorrection<almagest::RawExposure>>(
      "linearity_raw", "Make amplifiers' answers proportional to the charge, before assembly");
  registrar.task<isr::FlagNotFinite>("not_finite", "Flag pixels that are NaN or infinite");
  registrar.task<isr::OnePass>("one_pass", "From saturation to flat in one pass");
  registrar.task<isr::Overscan>("overscan", "Subtract each amplifier's overscan level");
  registrar.task<isr::RoughZeroPoint>("rough_zero_point",
                                      "Set a first photometric calibration by filter");
  registrar.task<isr::Saturation>("saturation", "Flag saturated and suspect pixels");
  registrar.task<isr::SetBad>("set_bad", "Give bad pixels the median of the good ones");
  registrar.task<isr::SkyStatistics>("sky_statistics", "Measure level and flatness of the sky");
  registrar.task<isr::Thumbnail>("thumbnail", "Make a small grey picture of a frame");
  registrar.task<isr::Variance>("variance", "Set the variance from counts, gain and read noise");
  registrar.task<isr::VarianceAndFlat>("variance_and_flat", "Both in one pass");
  registrar.task<isr::Vignetting>("vignetting", "Flag pixels outside the lit focal plane");
  registrar.task<isr::WidenSaturation>("widen_saturation",
                                       "Widen long runs of saturated pixels along rows");
}

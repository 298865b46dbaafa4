#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "almagest/exposure.hpp"
#include "almagest/psf.hpp"
#include "almagest/task.hpp"
#include "astrometric_solution.hpp"
#include "dark_variance.hpp"
#include "field_calibration.hpp"
#include "field_psf.hpp"
#include "frame.hpp"
#include "frame_mask.hpp"

namespace obs_sdss {

/// Joins the five SDSS files of a frame into one exposure.
///
///     fpC     → image, variance, header cards      asTrans → WCS
///     fpM     → mask                               psField → PSF
///     tsField → gain, zero point, time, airmass
class MakeExposure final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;

  Param<bool> remove_pedestal{*this, "removePedestal", true, "Subtract the pedestal of the counts"};
  Param<double> pedestal{*this, "pedestalVal", 1000.0, "The pedestal of the counts [adu]"};
  Param<bool> remove_overlap{*this, "removeOverlap", true,
                             "Leave out the last rows, which the next field repeats"};
  Param<std::int64_t> overlap =
      Param<std::int64_t>{*this, "overlapSize", 128, "Rows that the next field repeats [pixel]"}
          .within(0, 1488);
  Param<bool> load_sdss_wcs{*this, "loadSdssWcs", true,
                            "Take the WCS from the asTrans solution, fitted by TAN-SIP; otherwise "
                            "the plain TAN of the frame's header, up to 0.1 arcsec off"};
  Param<double> wcs_tolerance =
      Param<double>{*this, "wcsTolerance", 0.1,
                    "How far the fitted WCS may be from the asTrans solution anywhere [mas]"}
          .within(1e-6, 1e6);
  Param<bool> dark_variance{*this, "darkVariance", true,
                            "Add read-out noise and dark current to the variance: those of "
                            "tsField, or where the camera has later ones, those; "
                            "the LSST stack leaves them out, so that its variance is too low"};

  almagest::In<Frame> frame{*this, "fpC", "Corrected frame"};
  almagest::In<FrameMask> frame_mask{*this, "fpM", "Its mask"};
  almagest::In<FieldCalibration> calibration{*this, "tsField", "The field's calibration"};
  almagest::In<AstrometricSolution> astrometry{*this, "asTrans",
                                               "The frame's astrometric solution"};
  almagest::In<FieldPsf> field_psf{*this, "psField", "The field's PSF"};
  almagest::Out<almagest::Exposure> exposure{*this, "exposure",
                                             "Image, mask and variance with WCS, PSF and "
                                             "zero point [adu]"};
  almagest::Out<std::shared_ptr<almagest::Psf const>> psf{*this, "psf",
                                                          "The exposure's PSF by itself"};

  almagest::Metric<double> gain{*this, "gain", "electron/adu", "Gain"};
  almagest::Metric<double> zero_flux{*this, "flux_mag0", "adu", "Counts at AB magnitude 0"};
  almagest::Metric<double> wcs_residual{
      *this, "wcs_residual", "mas", "Largest distance of the fitted WCS from the asTrans solution"};
  almagest::Metric<std::int64_t> saturated{*this, "saturated_pixels", "pixel", "Pixels marked SAT"};
  almagest::Metric<std::int64_t> interpolated{*this, "interpolated_pixels", "pixel",
                                              "Pixels marked INTRP"};
  almagest::Metric<std::int64_t> cosmic_rays{*this, "cosmic_ray_pixels", "pixel",
                                             "Pixels marked CR"};

  /// tsField's, unless the camera knows a later value for the frame's CCD.
  double dark_variance_of(almagest::DataId const& id, FieldCalibration const& field) const;

  double exposure_time_s_ = 0.0;
  double row_period_s_ = 0.0;
  DarkVariances changed_dark_variances_;
};

}  // namespace obs_sdss

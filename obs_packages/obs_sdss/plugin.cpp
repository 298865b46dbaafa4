#include <memory>

#include "almagest/formatter.hpp"
#include "almagest/plugin.hpp"
#include "make_exposure.hpp"

namespace {

/// What SDSS files hold can be read, never written.
template <almagest::Product T>
std::shared_ptr<almagest::Formatter const> reader(
    typename almagest::FunctionFormatter<T>::Read read) {
  return std::make_shared<almagest::FunctionFormatter<T>>("fit", read, nullptr);
}

}  // namespace

ALMAGEST_PLUGIN("obs_sdss", "1.0.0") {
  using namespace obs_sdss;
  registrar.product<Frame>("SDSS corrected frame (fpC)", reader<Frame>(read_frame));
  registrar.product<FrameMask>("SDSS mask of a frame (fpM)", reader<FrameMask>(read_frame_mask));
  registrar.product<FieldCalibration>("SDSS calibration of a field (tsField)",
                                      reader<FieldCalibration>(read_field_calibration));
  registrar.product<AstrometricSolution>("SDSS astrometric solution (asTrans)",
                                         reader<AstrometricSolution>(read_astrometric_solution));
  registrar.product<FieldPsf>("SDSS point-spread function (psField)",
                              reader<FieldPsf>(read_field_psf));
  registrar.task<MakeExposure>("make_exposure",
                               "Join fpC, fpM, tsField, asTrans and psField into an exposure");
}

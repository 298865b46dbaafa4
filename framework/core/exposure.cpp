#include "almagest/exposure.hpp"

namespace almagest {

Psf const& Exposure::require_psf() const {
  if (!psf) throw DataError("the exposure has no PSF");
  return *psf;
}

Wcs const& Exposure::require_wcs() const {
  if (!wcs) throw DataError("the exposure has no WCS");
  return *wcs;
}

PhotoCalib const& Exposure::require_photo_calib() const {
  if (!photo_calib) throw DataError("the exposure has no photometric calibration");
  return *photo_calib;
}

}  // namespace almagest

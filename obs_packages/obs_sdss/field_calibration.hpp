#pragma once

#include <filesystem>
#include <string_view>

#include "almagest/formatter.hpp"
#include "almagest/photo_calib.hpp"
#include "almagest/product.hpp"

namespace obs_sdss {

/// One filter's numbers of an SDSS calibrated field (tsField).
struct FieldCalibration {
  double gain = 0.0;           ///< electrons per adu
  double dark_variance = 0.0;  ///< read-out noise and dark current [adu²]
  double aa = 0.0;        ///< zero point: −2.5 log10 of counts per second at magnitude 0 [mag]
  double aa_error = 0.0;  ///< [mag]
  double kk = 0.0;        ///< extinction [mag per airmass]
  double airmass = 0.0;
  double mjd = 0.0;  ///< when row 0 was read, TAI [day]
};

/// \throws NotFoundError; DataError for a missing field, filter or column, or a gain that is not
/// positive, naming the file
FieldCalibration read_field_calibration(std::filesystem::path const& path,
                                        almagest::Formatter::ReadRequest const& request);

/// Counts at magnitude 0: 10^(−0.4 aa) × exposure time. Extinction is not applied (science
/// document, section 1).
almagest::PhotoCalib photo_calib(FieldCalibration const& calibration, double exposure_time_s);

}  // namespace obs_sdss

template <>
struct almagest::ProductTraits<obs_sdss::FieldCalibration> {
  static constexpr std::string_view id = "obs_sdss.FieldCalibration/1";
};

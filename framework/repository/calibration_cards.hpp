#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "almagest/data_id.hpp"

namespace almagest {

/// What a calibration file says of itself; everything may be missing.
struct CalibrationCards {
  std::string type;  ///< dataset type: "bias", in lower case
  DataId keys;       ///< as it is there: {visit=…, ccd=50, filter=HSC-I}
  std::string calib_date, valid_start, valid_end;  ///< YYYY-MM-DD
};

/// Reads the cards OBSTYPE, CALIBDAT (or LSST's CALIBDATE), VALIDBEG, VALIDEND, IDKEYn and IDVALn;
/// LSST's CALIB_ID ("ccd=50 filter=HSC-I calibDate=2013-06-17"), DETECTOR and FILTER. Of an ECSV
/// the same words of its header. A CSV with columns `detector_id` and `valid_from` is a calibration
/// for each detector and date; nothing but its date says how long one lasts.
/// \throws NotFoundError, DataError naming the file
std::vector<CalibrationCards> read_calibration_cards(std::filesystem::path const& path);

}  // namespace almagest

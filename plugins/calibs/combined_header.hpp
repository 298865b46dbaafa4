#pragma once

#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/log.hpp"

namespace calibs {

/// One frame that went into a calibration.
struct CombinedInput {
  almagest::DataId id;
  almagest::VisitInfo visit;
  double scale = 1.0;  ///< it was divided by this
};

struct Validity {
  double days = 0.0;        ///< before and after the calibration's date
  bool from_first = false;  ///< the date is the first frame's; else between first and last
};

/// Writes into a calibration what it was made of: NCOMBINE, INPUTnnn, SCALEnnn, IDATEnnn, CALIBDAT,
/// VALIDBEG, VALIDEND, CALIB_ID, and the visit info that all inputs share. Frames without a time
/// give no date, with a warning.
///
/// \param calib  with its data ID
void describe_combination(almagest::Exposure& calib, std::vector<CombinedInput> const& inputs,
                          Validity const& validity, almagest::Log& log);

}  // namespace calibs

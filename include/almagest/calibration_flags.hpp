#pragma once

#include <array>
#include <string_view>

#include "almagest/schema.hpp"

namespace almagest {

/// A flag column that tells which sources a calibration rests on.
struct CalibrationFlag {
  std::string_view name;
  std::string_view doc;

  /// Its column, which is added where the schema lacks it. A step that may fail and be survived
  /// (`on_failure = "continue"`) must find it there: its readers see the same columns either way.
  Key<bool> in(Schema& schema) const;
};

inline constexpr CalibrationFlag astrometry_used{"calib_astrometry_used",
                                                 "The WCS was fitted with this source"};
inline constexpr CalibrationFlag astrometry_reserved{
    "calib_astrometry_reserved", "Good for the fit of the WCS, but left out of it"};
inline constexpr CalibrationFlag photometry_used{"calib_photometry_used",
                                                 "The photometric zero point rests on this source"};

inline constexpr std::array calibration_flags{astrometry_used, astrometry_reserved,
                                              photometry_used};

}  // namespace almagest

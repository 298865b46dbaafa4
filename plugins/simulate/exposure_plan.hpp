#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "almagest/geometry.hpp"

namespace simulate {

/// An exposure to be simulated: what its header says, and what is true.
struct PlannedExposure {
  enum class Type { bias, dark, flat, science };
  Type type = Type::science;
  std::int64_t number = 0;  ///< of the exposure, in the camera's own counting
  int sequence = 0;         ///< 1, 2, 3 … in the order of time
  std::string filter;       ///< physical filter
  double begin_mjd = 0.0;   ///< in the time scale of the camera's headers
  double exposure_time_s = 0.0;
  almagest::SkyPoint boresight;  ///< [rad]
  double rotation_deg = 0.0;     ///< boresight_rotation_angle
  almagest::SkyPoint true_boresight;
  double true_rotation_deg = 0.0;
  double flat_level = 0.0;  ///< [adu]
  std::string object = "SIMULATED";

  double end_mjd() const noexcept { return begin_mjd + exposure_time_s / 86400.0; }
};

constexpr std::string_view type_word(PlannedExposure::Type type) noexcept {
  switch (type) {
    case PlannedExposure::Type::bias:
      return "bias";
    case PlannedExposure::Type::dark:
      return "dark";
    case PlannedExposure::Type::flat:
      return "flat";
    case PlannedExposure::Type::science:
      break;
  }
  return "science";
}

}  // namespace simulate

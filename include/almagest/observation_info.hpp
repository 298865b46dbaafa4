#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "almagest/geometry.hpp"
#include "almagest/value.hpp"

namespace almagest {

/// What a raw file's headers say, in the words that all cameras share. Values come from the
/// `[header]` of camera.toml; a property that the file does not give is absent.
///
/// Standard names: instrument, telescope, exposure_id, visit_id, detector_num, detector_name,
/// detector_unique_name, detector_group, detector_serial, detector_exposure_id, physical_filter,
/// observation_type, observation_id, observation_reason, science_program, exposure_group,
/// observing_day, object, exposure_time, dark_time [s], begin, end [MJD, TAI], ra, dec (boresight,
/// ICRS), boresight_rotation_angle, altaz_alt, altaz_az [deg], boresight_airmass, temperature [K],
/// pressure [hPa], relative_humidity [%], focus_z [mm]. A camera may add names of its own (`field`,
/// `pointing`).
class ObservationInfo {
 public:
  std::string const& instrument() const noexcept { return instrument_; }
  void set_instrument(std::string name) { instrument_ = std::move(name); }
  std::map<std::string, Value, std::less<>> const& properties() const noexcept {
    return properties_;
  }
  void set(std::string name, Value value) { properties_.insert_or_assign(std::move(name), value); }

  /// \returns nullptr when absent
  Value const* find(std::string_view name) const noexcept;
  /// NaN, "" or none when absent. \throws DataError naming the property when it is of another type
  double number(std::string_view name) const;
  std::string text(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  /// The boresight [rad]; none unless ra and dec are there.
  std::optional<SkyPoint> boresight() const;

 private:
  std::string instrument_;
  std::map<std::string, Value, std::less<>> properties_;
};

}  // namespace almagest

#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace simulate {

/// What the simulator knows of a camera beside its obs package: sky, optics and electronics as far
/// as camera.toml does not say them.
struct CameraTraits {
  enum class Raw {
    hsc,      ///< four channels side by side in one image
    rubin,    ///< an HDU per amplifier, in the order of LSST's CCDs
    declared  ///< as camera.toml says
  };
  Raw raw = Raw::declared;
  std::vector<int> detectors;        ///< to simulate; empty: the first one
  std::vector<std::string> filters;  ///< physical filters; empty: the band role's values
  std::string date = "2016-08-05T09:00:00";
  double ra_deg = 320.24991;
  double dec_deg = 0.0;
  double rotation_deg = 0.0;  ///< boresight_rotation_angle
  /// Magnitude of one electron per second, and of the sky in a square arcsecond, by u g r i z y.
  std::array<double, 6> zero_point{24.5, 26.3, 26.2, 25.9, 25.3, 24.3};
  std::array<double, 6> sky{22.0, 21.6, 20.7, 19.9, 19.2, 18.3};
  double vignetted_deg = 0.75;  ///< off axis, where two thirds of the light arrive
  double read_noise = 0.0;      ///< [electron]; 0: the camera's
  std::vector<double> bias;     ///< by amplifier, repeated [adu]
  double bias_scatter = 0.0;    ///< [adu]
  double dark_current = 36.0;   ///< [electron/hour]
  double cti = 1e-6;
  double silicon_um = 100.0;  ///< thickness
  std::vector<std::string> fringe_filters;
  bool crosstalk_in_electrons = false;
  bool crosstalk_first = true;
  double largest = 65535.0;
  std::int64_t first_exposure = 1000;
  int exposure_step = 1;
};

/// \param name  [camera] name of camera.toml
CameraTraits traits_of(std::string_view name);

}  // namespace simulate

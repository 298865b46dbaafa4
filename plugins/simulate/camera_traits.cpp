#include "camera_traits.hpp"

#include <algorithm>
#include <cmath>

namespace simulate {

namespace {

CameraTraits hsc() {
  CameraTraits t;
  t.raw = CameraTraits::Raw::hsc;
  t.detectors = {10, 22, 23};  // inside the reference shards about the default pointing (ISR 6)
  t.filters = {"HSC-I"};
  t.rotation_deg = 270.0;  // INST-PA = 0
  // Magnitudes of 1 adu/s from real headers (ISR document 6.1), with the median gain.
  double const gain = 2.5 * std::log10(3.58);
  t.zero_point = {24.0, 27.2 + gain, 27.110 + gain, 26.958 + gain, 25.9 + gain, 25.6 + gain};
  t.read_noise = 4.5;
  t.bias = {1164, 719, 749, 1067};
  t.dark_current = 2.0;
  t.cti = 3e-6;
  t.silicon_um = 200.0;
  t.fringe_filters = {"HSC-Y", "NB0921", "NB0926", "NB0973", "NB1010"};
  t.first_exposure = 903300;
  t.exposure_step = 2;  // visits are even
  return t;
}

CameraTraits rubin() {
  CameraTraits t;
  t.raw = CameraTraits::Raw::rubin;
  t.detectors = {94};
  t.filters = {"i_39"};
  t.date = "2025-09-20T03:00:00";
  t.rotation_deg = 35.0;
  t.zero_point = {26.5, 28.5, 28.4, 28.2, 27.8, 26.8};  // about those of the observatory's SMTN-002
  t.sky = {22.9, 22.2, 21.2, 20.5, 19.6, 18.6};
  t.vignetted_deg = 2.0;
  t.bias = {27026};
  t.bias_scatter = 1500.0;
  t.dark_current = 70.0;
  t.cti = 4.1e-7;  // of a real frame of the test stand (ISR document 3.3)
  t.fringe_filters = {"y_10", "y_04", "y_sim_1.4"};
  t.crosstalk_in_electrons = true;
  t.crosstalk_first = false;
  t.largest = 262143.0;  // 18 bits
  t.first_exposure = 1;
  return t;
}

}  // namespace

CameraTraits traits_of(std::string_view name) {
  if (name == "hsc") return hsc();
  if (name == "lsstcam" || name == "lsstcamsim") return rubin();
  if (name == "comcam" || name == "comcamsim") {
    CameraTraits t = rubin();
    t.detectors = {4};
    t.filters = {"i_06"};
    t.date = "2024-11-09T03:00:00";
    return t;
  }
  if (name == "latiss") {
    CameraTraits t = rubin();
    t.detectors = {0};
    t.filters = {"SDSSr_65mm~empty"};
    t.date = "2024-06-24T03:00:00";
    // A mirror of 1.2 m instead of 6.4 m.
    for (double& zero_point : t.zero_point) zero_point -= 3.6;
    t.vignetted_deg = 0.2;
    return t;
  }
  if (name == "imsim" || name == "phosim") {
    CameraTraits t = rubin();
    t.detectors = {42};
    t.filters = {name == "imsim" ? "i_sim_1.4" : "i"};
    t.date = "2022-10-05T06:00:00";
    t.first_exposure = 204600;
    return t;
  }
  if (name == "ts8") {
    CameraTraits t = rubin();
    t.detectors = {67};
    t.filters = {"r"};
    t.date = "2018-07-24T10:00:00";
    return t;
  }
  CameraTraits t;
  t.bias = {1000};
  t.bias_scatter = 50.0;
  return t;
}

}  // namespace simulate

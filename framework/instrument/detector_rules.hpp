#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "almagest/detector.hpp"
#include "instrument/amplifier_rule.hpp"

namespace almagest {

/// What a kind of CCDs has in common: pixels, amplifiers, and where they stand in a file.
struct DetectorRule {
  Detector detector;     ///< without amplifiers
  AmplifierRule common;  ///< `amp.default`, and what the detector says for all its amplifiers
  std::vector<AmplifierRule> amplifiers;
  /// Cards and values by which a file tells that its CCD is of this kind (`card = { CCD_MANU =
  /// "ITL" }`).
  std::vector<std::pair<std::string, std::string>> cards;
  bool has_reference_pixel = false;

  AmplifierPlace place_of(std::size_t amplifier) const;
};

/// The detectors of a camera, and how their pixels are found in a file.
struct CameraDetectors {
  std::vector<Detector> detectors;                         ///< by id, then by name
  std::vector<std::shared_ptr<DetectorRule const>> rules;  ///< of each detector
  std::vector<std::shared_ptr<DetectorRule const>> kinds;  ///< of [detector_kind.…]
};

/// Reads `[detector.default]`, `[detector_kind.KIND]`, `[detectors]` (tables) and `[detector.N]` of
/// camera.toml: each stands above the one before it.
///
/// A detector of the table takes the kind of its column `kind`. Amplifiers are given one by one
/// (`amp.NAME`), or in rows (`amp_row`); `amp.default` holds what is common to all of them. The
/// table of amplifiers has their constants for each detector; a column `saturation_electron` is
/// divided by the gain.
CameraDetectors read_detectors(ConfigValue const& document, Problems& problems);

}  // namespace almagest

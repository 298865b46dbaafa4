#pragma once

#include <map>
#include <string>

#include "almagest/product.hpp"

namespace almagest {

/// Numbers that were measured for each amplifier and stand above the columns of the same names
/// that camera.toml's tables give (Amplifier::further), in their units: "cti", "drift_scale".
struct AmplifierTable {
  /// By the amplifier's name, then by the column's; what was not measured is not there.
  std::map<std::string, std::map<std::string, double>> amplifiers;
};
template <>
struct ProductTraits<AmplifierTable> {
  static constexpr std::string_view id = "almagest.AmplifierTable/1";
};

}  // namespace almagest

#pragma once

#include <string>
#include <utility>
#include <vector>

#include "instrument/header_rule.hpp"
#include "instrument/header_rules.hpp"

namespace almagest {

struct HeaderRules::Data {
  /// All of a list's patterns must fit, as a whole and whatever the case; an absent card is "".
  using Match = std::vector<std::pair<std::string, std::regex>>;
  std::string camera;
  std::vector<Match> matches;
  std::vector<std::size_t> hdus;
  std::vector<std::pair<std::string, HeaderRule>> properties;  ///< sorted by name
  std::vector<HeaderFix> fixes;
  std::vector<DataIdKey> keys;

  /// The place of a property, or -1.
  int find(std::string_view property) const noexcept;
};

}  // namespace almagest

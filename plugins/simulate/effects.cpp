#include "effects.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "almagest/error.hpp"

namespace simulate {

namespace {

constexpr std::array<std::string_view, 20> names{
    "noise",       "sky_gradient",    "vignetting",     "pixel_area",
    "prnu",        "fringe",          "dark",           "hot_pixels",
    "cosmic_rays", "brighter_fatter", "saturation",     "defects",
    "cti",         "deferred_charge", "crosstalk",      "nonlinearity",
    "read_noise",  "bias_structure",  "overscan_drift", "pointing_error"};

}  // namespace

std::vector<std::string> effect_names() {
  return {names.begin(), names.end()};
}

Effect effect_of_name(std::string_view name) {
  auto const found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<Effect>(std::distance(names.begin(), found));
  std::string known;
  for (std::string_view const one : names) known += (known.empty() ? "" : " ") + std::string(one);
  throw almagest::ConfigError("there is no effect '" + std::string(name) + "'; known: " + known);
}

}  // namespace simulate

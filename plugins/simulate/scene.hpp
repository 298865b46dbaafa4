#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "almagest/geometry.hpp"
#include "filters.hpp"
#include "random.hpp"
#include "scan_geometry.hpp"

namespace simulate {

/// One object of the synthetic sky.
struct SkyObject {
  enum class Type { star, galaxy } type = Type::star;
  almagest::Point mu_nu;                         ///< great-circle coordinates [deg]
  std::array<double, filter_count> magnitude{};  ///< AB, by filter u g r i z
  double half_light_radius = 0.0;                ///< galaxies, along the major axis [pixel]
  double axis_ratio = 1.0;
  double angle = 0.0;  ///< of the major axis, from x towards y [rad]
};

/// How many objects of each kind to place.
struct SceneCounts {
  int stars = 0;
  int galaxies = 0;
  int saturated_stars = 0;
};

/// Objects spread evenly over a frame and a margin about it, brightest to faintest as real counts
/// go: stars from r = 15, galaxies from r = 17, both to r = 23.5; saturated stars about r = 13.
std::vector<SkyObject> make_scene(SceneCounts const& counts, ScanGeometry const& geometry,
                                  int width, int height, std::uint64_t seed);

}  // namespace simulate

#include "scene.hpp"

#include <cmath>
#include <numbers>

namespace simulate {

using namespace almagest;

namespace {

constexpr double faintest_r = 23.5;
/// Objects just off the frame still shed light into it.
constexpr int margin = 20;

Point random_place(ScanGeometry const& geometry, int width, int height, int border,
                   Random& random) {
  double const x = random.uniform(-0.5 - border, width - 0.5 + border);
  double const y = random.uniform(-0.5 - border, height - 0.5 + border);
  return geometry.great_circle({x, y});
}

/// u g r i z from r and g − r, along a straight stellar locus.
std::array<double, filter_count> magnitudes(double r, double g_r, double scatter, Random& random) {
  double const u_g = 0.6 + 1.2 * g_r + scatter * random.normal();
  double const r_i = 0.4 * g_r - 0.05 + scatter * random.normal();
  double const i_z = 0.5 * r_i + scatter * random.normal();
  double const g = r + g_r;
  return {g + u_g, g, r, r - r_i, r - r_i - i_z};
}

}  // namespace

std::vector<SkyObject> make_scene(SceneCounts const& counts, ScanGeometry const& geometry,
                                  int width, int height, std::uint64_t seed) {
  std::vector<SkyObject> objects;
  Random stars(seed, "stars");
  for (int i = 0; i < counts.stars; ++i) {
    SkyObject star;
    star.mu_nu = random_place(geometry, width, height, margin, stars);
    star.magnitude =
        magnitudes(stars.power_law(15.0, faintest_r, 0.2), stars.uniform(0.2, 1.4), 0.05, stars);
    objects.push_back(star);
  }
  Random bright(seed, "saturated stars");
  for (int i = 0; i < counts.saturated_stars; ++i) {
    SkyObject star;
    star.mu_nu = random_place(geometry, width, height, 0, bright);
    star.magnitude = magnitudes(bright.uniform(12.5, 13.5), bright.uniform(0.4, 1.0), 0.0, bright);
    objects.push_back(star);
  }
  Random galaxies(seed, "galaxies");
  for (int i = 0; i < counts.galaxies; ++i) {
    SkyObject galaxy;
    galaxy.type = SkyObject::Type::galaxy;
    galaxy.mu_nu = random_place(geometry, width, height, margin, galaxies);
    double const r = galaxies.power_law(17.0, faintest_r, 0.4);
    galaxy.magnitude = magnitudes(r, galaxies.uniform(0.3, 1.1), 0.1, galaxies);
    // Six pixels (2.4 arcsec) at r = 18, half of that at r = 20.5, with a scatter of 0.15 dex.
    galaxy.half_light_radius = 6.0 * std::pow(10.0, -0.12 * (r - 18.0) + 0.15 * galaxies.normal());
    galaxy.axis_ratio = galaxies.uniform(0.3, 1.0);
    galaxy.angle = galaxies.uniform(0.0, std::numbers::pi);
    objects.push_back(galaxy);
  }
  return objects;
}

}  // namespace simulate

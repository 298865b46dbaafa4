#include "cosmic_rays.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace simulate {

using namespace almagest;

namespace {

constexpr double electrons_per_um = 80.0;
constexpr double shortest = 5.0;  // [pixel]
constexpr double longest = 80.0;

/// The pieces of a straight line in the pixels that it crosses.
void trace(Point from, Point step, double length, double charge_per_pixel, Box const& box,
           std::vector<CosmicRayHit>& hits) {
  // Twenty points per pixel: a piece's length is right to a few per cent.
  constexpr int points_per_pixel = 20;
  int const points = static_cast<int>(std::ceil(length * points_per_pixel));
  double const charge = charge_per_pixel * length / points;
  CosmicRayHit hit;
  for (int i = 0; i < points; ++i) {
    double const t = (i + 0.5) / points_per_pixel;
    Pixel const pixel = nearest_pixel({from.x + t * step.x, from.y + t * step.y});
    if (!(pixel == hit.pixel)) {
      if (hit.charge > 0.0 && box.contains(hit.pixel)) hits.push_back(hit);
      hit = {pixel, 0.0};
    }
    hit.charge += charge;
  }
  if (hit.charge > 0.0 && box.contains(hit.pixel)) hits.push_back(hit);
}

}  // namespace

std::vector<CosmicRayHit> cosmic_rays(Box const& box, double count, double pixel_um,
                                      double thickness_um, Random& random) {
  int tracks = 0;  // Poisson: exponential waiting times
  for (double waited = -std::log(1.0 - random.uniform()); waited < count;
       waited -= std::log(1.0 - random.uniform()))
    ++tracks;
  std::vector<CosmicRayHit> hits;
  for (int i = 0; i < tracks; ++i) {
    Point const from{box.x0 + random.uniform() * box.width, box.y0 + random.uniform() * box.height};
    double const angle = random.uniform(0.0, 2.0 * std::numbers::pi);
    double const length = shortest * std::pow(longest / shortest, random.uniform());
    double const path = std::hypot(length * pixel_um, thickness_um);
    double const charge = electrons_per_um * path * std::max(1.0 + 0.2 * random.normal(), 0.5);
    trace(from, {std::cos(angle), std::sin(angle)}, length, charge / length, box, hits);
  }
  return hits;
}

}  // namespace simulate

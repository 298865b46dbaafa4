#include "ramp.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace deblend {
namespace {
using namespace almagest;

/// The PSF within `reach` of its centre, scaled to a maximum of 1.
Image<double> scaled_psf(Image<double> const& psf, int reach) {
  Image<double> part =
      psf.cutout(intersection(psf.bbox(), Box::from_corners(-reach, -reach, reach, reach)));
  auto const pixels = part.pixels();
  if (pixels.empty()) return part;
  double const peak = *std::max_element(pixels.begin(), pixels.end());
  for (double& value : pixels) value /= peak;
  return part;
}

/// Light of a source that stands on a pixel, as bright as that: raises what is fainter.
void brighten(Image<float>& light, Image<double> const& psf, Pixel at, float height) {
  Box const& box = light.bbox();
  Box const& around = psf.bbox();
  for (int y = 0; y < psf.height(); ++y) {
    auto const row = psf.row(y);
    float* const to = light.row(at.y + around.y0 + y - box.y0).data() + (at.x + around.x0 - box.x0);
    for (std::size_t x = 0; x < row.size(); ++x)
      to[x] = std::max(to[x], static_cast<float>(height * row[x]));
  }
}

/// What the template's edge gives to its surroundings: in each pixel of `box` the brightest of the
/// PSFs that stand on edge pixels.
Image<float> ramp(Template const& source, Image<double> const& psf, Box const& box,
                  bool last_pixel_only) {
  Image<float> light(box);
  for (Span const& run : spans_of(edge_of(source.region)))
    for (int x = last_pixel_only ? run.x1 : run.x0; x <= run.x1; ++x)
      brighten(light, psf, {x, run.y}, source.image.at({x, run.y}));
  return light;
}

}  // namespace

bool cut_off(Template const& source, float limit) {
  Region const edge = edge_of(source.region);
  auto const light = source.image.pixels();
  auto const at_edge = edge.pixels();
  for (std::size_t k = 0; k < light.size(); ++k)
    if (at_edge[k] != 0 && light[k] >= limit) return true;
  return false;
}

int ramp_reach(double fwhm) {
  return 2 * static_cast<int>((1.5 * fwhm + 0.5) / 2.0) + 1;
}

Template ramped_template(Image<float> const& image, Footprint const& parent, Template const& source,
                         Image<double> const& psf, int reach, Pixel peak, bool last_pixel_only) {
  Box const box = source.image.bbox().grown(reach);
  Region const region = dilated_region(parent, reach, box);
  Image<float> light = ramp(source, scaled_psf(psf, reach), box, last_pixel_only);
  float* to = light.pixels().data();
  std::uint8_t const* in = region.pixels().data();
  for (int y = box.y0; y <= box.y1(); ++y) {
    for (int x = box.x0; x <= box.x1(); ++x, ++to, ++in) {
      if (*in == 0 || !image.bbox().contains(x, y)) continue;
      float const value = image.at({x, y});
      if (value != 0.0F && std::isfinite(value)) *to = value;
    }
  }
  return cut(symmetric_template(light, region, peak), image.bbox());
}

}  // namespace deblend

#include "cosmic_rays.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

#include "fill.hpp"
#include "finder.hpp"
#include "pixel_set.hpp"
#include "sharpness.hpp"
#include "sky_level.hpp"

namespace repair {
namespace {
using namespace almagest;

/// The pixels of rays and those within `by` pixels of them that have none of the bits.
std::vector<Pixel> widened(std::vector<Pixel> pixels, int by, PixelSet& set,
                           Image<MaskPixel> const& mask, MaskPixel excluded) {
  Box const frame{0, 0, mask.width(), mask.height()};
  for (Pixel const p : pixels) set.insert(p.x, p.y);
  std::size_t const rays = pixels.size();
  for (std::size_t i = 0; i < rays && by > 0; ++i)
    for (int dy = -by; dy <= by; ++dy)
      for (int dx = -by; dx <= by; ++dx) {
        int const x = pixels[i].x + dx, y = pixels[i].y + dy;
        bool const near = dx * dx + dy * dy <= by * (by + 1);  // a round outline
        if (!near || !frame.contains(x, y) || set.contains(x, y)) continue;
        if ((mask(x, y) & excluded) != 0) continue;
        set.insert(x, y);
        pixels.push_back({x, y});
      }
  return pixels;
}

void replace(Exposure& exposure, std::vector<Pixel> const& pixels, PixelSet const& rays,
             FinderOptions const& options, Log& log) {
  auto const left = fill(exposure.masked_image(), pixels, rays, options.ignored);
  Image<MaskPixel>& mask = exposure.mask().image();
  for (Pixel const p : pixels) mask(p.x, p.y) |= options.interpolated;
  if (left.empty()) return;
  for (Pixel const p : left) mask(p.x, p.y) &= ~options.interpolated;
  log.warning(counted(left.size(), "pixel") +
              " of cosmic rays not replaced: no good pixel within " + std::to_string(fill_reach));
}

}  // namespace

Outcome CosmicRays::run(Context& context) const {
  Exposure exposure = context.take(input);
  Box const& box = exposure.bbox();
  PsfRatios const psf = psf_ratios(exposure.require_psf().kernel(centre_of(box)));
  FinderOptions const options{.limits = {*min_sigma, *psf_fraction, *noise_margin},
                              .neighbour_limits = {*neighbour_sigma, *neighbour_psf_fraction, 0.0},
                              .min_total = *min_total,
                              .iterations = *iterations,
                              .max_pixels = static_cast<std::size_t>(*max_pixels),
                              .ignored = exposure.mask().bits(*ignore),
                              .interpolated = exposure.mask().bit("INTRP")};

  SkyLevel const sky = sky_level(exposure.masked_image(), options.ignored);
  if (!(sky.variance > 0.0))
    throw DataError("cosmic rays are told by their noise, but the variance plane is empty: " +
                    fixed(sky.variance, 3) + " in the median");
  double const level = *background == "measured" ? sky.level : *background_level;

  auto found =
      find_cosmic_rays(exposure.masked_image(), psf, level, options,
                       [&](std::size_t n, auto const& body) { context.parallel_for(n, 1, body); });
  auto const count = found.pixels.size();
  PixelSet rays(box.width, box.height);
  std::vector<Pixel> const pixels =
      widened(std::move(found.pixels), *grow, rays, std::as_const(exposure).mask().image(),
              options.ignored);
  MaskPixel const ray = exposure.mask().bit("CR");
  for (Pixel const p : pixels) exposure.mask().image()(p.x, p.y) |= ray;
  if (!*keep_pixels) replace(exposure, pixels, rays, options, context.log());

  context.log().info(counted(found.count, "cosmic ray") + " with " + counted(count, "pixel") +
                     ", background " + fixed(level, 2));
  context.record(ray_count, static_cast<std::int64_t>(found.count));
  context.record(pixel_count, static_cast<std::int64_t>(count));
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace repair

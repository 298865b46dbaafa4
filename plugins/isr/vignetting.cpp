#include "vignetting.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

namespace isr {
using namespace almagest;

std::int64_t flag_outside(Mask& mask, Detector const& detector, FocalCircle const& circle,
                          MaskPixel bits) {
  Box const& box = mask.bbox();
  std::int64_t count = 0;
  for (int y = box.y0; y <= box.y1(); ++y) {
    // Positions along a row: start + t·step, |position − centre|² ≤ radius² between two roots.
    Point const start = focal_plane_position(detector, {double(box.x0), double(y)});
    Point const next = focal_plane_position(detector, {box.x0 + 1.0, double(y)});
    double const step_x = next.x - start.x, step_y = next.y - start.y;
    double const dx = start.x - circle.centre.x, dy = start.y - circle.centre.y;
    double const a = step_x * step_x + step_y * step_y;
    double const b = dx * step_x + dy * step_y;
    double const c = dx * dx + dy * dy - circle.radius * circle.radius;
    double const discriminant = b * b - a * c;
    int first = box.width, end = box.width;  // of the pixels inside
    if (discriminant >= 0.0) {
      double const root = std::sqrt(discriminant);
      double const limit = box.width;
      first = static_cast<int>(std::clamp(std::ceil((-b - root) / a), 0.0, limit));
      end = static_cast<int>(std::clamp(std::floor((-b + root) / a) + 1.0, double(first), limit));
    }
    if (first == 0 && end == box.width) continue;
    MaskPixel* const row = &mask.image().at({box.x0, y});
    for (int x = 0; x < first; ++x) row[x] |= bits;
    for (int x = end; x < box.width; ++x) row[x] |= bits;
    count += first + box.width - end;
  }
  return count;
}

void Vignetting::prepare(Setup&) {
  if (centre->size() != 2)
    throw ConfigError("parameter 'centre' wants two numbers, got " +
                      std::to_string(centre->size()));
}

Outcome Vignetting::run(Context& context) const {
  Exposure exposure = context.take(input);
  MaskPixel bits = 0;
  for (std::string const& plane : *planes) bits |= exposure.mask().add_plane(plane);
  std::int64_t const count = flag_outside(exposure.mask(), exposure.detector,
                                          {{(*centre)[0], (*centre)[1]}, *radius}, bits);
  context.record(vignetted, count);
  context.log().info(counted(static_cast<std::size_t>(count), "pixel") + " vignetted");
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace isr

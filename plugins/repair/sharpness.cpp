#include "sharpness.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <string>

#include "almagest/error.hpp"

namespace repair {
namespace {
using namespace almagest;

struct Direction {
  int dx, dy;
  double PsfRatios::*ratio;
};
constexpr std::array<Direction, 4> directions{{{1, 0, &PsfRatios::row},
                                               {0, 1, &PsfRatios::column},
                                               {1, 1, &PsfRatios::rising},
                                               {1, -1, &PsfRatios::falling}}};

}  // namespace

PsfRatios psf_ratios(Image<double> const& kernel) {
  Box const& box = kernel.bbox();
  double const peak = box.contains(0, 0) ? kernel.at({0, 0}) : 0.0;
  if (!(peak > 0.0) || !box.contains(Box{-1, -1, 3, 3}))
    throw DataError("the PSF has no peak to compare pixels with: its kernel is " +
                    std::to_string(box.width) + " x " + std::to_string(box.height) +
                    " with the value " + std::to_string(peak) + " at its centre");
  PsfRatios ratios{};
  for (auto const& [dx, dy, ratio] : directions)
    ratios.*ratio = 0.5 * (kernel.at({dx, dy}) + kernel.at({-dx, -dy})) / peak;
  return ratios;
}

bool Sharpness::operator()(int x, int y, SharpnessLimits const& limits) const noexcept {
  int const width = image_.width(), height = image_.height();
  std::ptrdiff_t const here = x;
  float const* const pixels = image_.row(y).data() + here;
  float const* const variances = variance_.row(y).data() + here;
  double const noise = std::sqrt(double{variances[0]});
  double const pixel = double{pixels[0]} - background_;
  if (!(noise > 0.0) || !std::isfinite(pixel)) return false;
  bool const has_sides = x > 0 && x + 1 < width, has_ends = y > 0 && y + 1 < height;
  bool above = false, sharp = false;
  for (auto const& [dx, dy, ratio] : directions) {
    if ((dx != 0 && !has_sides) || (dy != 0 && !has_ends)) continue;
    std::ptrdiff_t const step = std::ptrdiff_t{dy} * width + dx;
    double const mean = 0.5 * (double{pixels[-step]} + double{pixels[step]}) - background_;
    above = above || pixel > mean + limits.sigmas * noise;
    if (sharp) continue;
    double const mean_noise =
        limits.noise_margin == 0.0
            ? 0.0
            : 0.5 * std::sqrt(double{variances[-step]} + double{variances[step]});
    sharp = limits.psf_fraction * psf_.*ratio * (pixel - limits.noise_margin * noise) >
            mean + limits.noise_margin * mean_noise;
  }
  return above && sharp;
}

}  // namespace repair

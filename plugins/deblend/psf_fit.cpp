#include "psf_fit.hpp"

#include <algorithm>
#include <cmath>

namespace deblend {
namespace {
using namespace almagest;

constexpr double largest_shift = 1.0;  // of the trial off the peak, in x or y [pixel]

constexpr int sweeps = 10;            // over all peaks of a blend
constexpr double longest_step = 0.5;  // in one sweep, so that no peak leaps over another [pixel]
constexpr double at_rest = 0.002;     // a blend in which no peak moves further is done [pixel]
// How far a star may stand from its peak, in FWHM: two at 1.5 FWHM draw their peaks together by
// nearly a quarter of it, and a peak is a whole pixel.
constexpr double largest_offset = 0.6;

/// Whether both coordinates are smaller than a limit; not if one is NaN.
bool within(Point d, double limit) noexcept {
  return std::abs(d.x) < limit && std::abs(d.y) < limit;
}

double limited(double step) noexcept {
  return std::clamp(step, -longest_step, longest_step);
}

}  // namespace

void fit_positions(std::span<PeakPsf> peaks, MaskedImage const& pixels, Region const& footprint,
                   Psf const& psf, PsfFitOptions const& options) {
  std::vector<bool> fixed(peaks.size(), false);
  bool moving = true;
  for (int sweep = 0; moving && sweep < sweeps; ++sweep) {
    moving = false;
    for (std::size_t k = 0; k < peaks.size(); ++k) {
      if (fixed[k]) continue;
      PeakPsf& peak = peaks[k];
      Point const centre{double(peak.pixel.x), double(peak.pixel.y)};
      LocalFit const fit(pixels, footprint, peaks, k, options.fwhm, options.refuse_empty_terms);
      auto const star = fit.shifted_star();
      Point to = centre;
      if (star)
        to = {peak.position.x - limited(star->coefficient.x),
              peak.position.y - limited(star->coefficient.y)};
      fixed[k] =
          !star || !within({to.x - centre.x, to.y - centre.y}, largest_offset * options.fwhm);
      if (fixed[k]) to = centre;
      if (to == peak.position) continue;
      if (!within({to.x - peak.position.x, to.y - peak.position.y}, at_rest)) moving = true;
      peak.position = to;
      peak.stamp = psf.stamp(to);
    }
  }
}

std::optional<PsfModel> fit_psf(MaskedImage const& pixels, Region const& footprint,
                                std::span<PeakPsf const> peaks, std::size_t index, Psf const& psf,
                                PsfFitOptions const& options) {
  PeakPsf const& peak = peaks[index];
  LocalFit const fit(pixels, footprint, peaks, index, options.fwhm, options.refuse_empty_terms);
  std::optional<PsfModel> best;
  double best_chi_squared = options.chi_squared;
  auto const judge = [&](Image<double> const& stamp, Point centre) {
    auto const star = fit.star(stamp);
    if (!star || !(star->chi_squared < best_chi_squared)) return;
    if (options.fit_positions && !(star->flux > 0.0)) return;
    best = PsfModel{centre, star->flux};
    best_chi_squared = star->chi_squared;
  };
  judge(peak.stamp, peak.position);
  if (options.fit_positions) return best;

  auto const shifted = fit.shifted_star();
  if (!shifted || !(shifted->chi_squared < options.chi_squared) ||
      !within(shifted->coefficient, largest_shift))
    return best;
  double const sign = options.reverse_shift ? 1.0 : -1.0;
  Point const there{peak.position.x + sign * shifted->coefficient.x,
                    peak.position.y + sign * shifted->coefficient.y};
  judge(psf.stamp(there), there);
  return best;
}

}  // namespace deblend

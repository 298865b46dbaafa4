#include "footprint_finder.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <tuple>
#include <utility>

namespace detection {
namespace {
using almagest::Box;
using almagest::Footprint;
using almagest::FootprintSet;
using almagest::Image;
using almagest::Peak;
using almagest::Pixel;
using almagest::Span;

bool is_local_maximum(Image<float> const& image, int x, int y, float sign) {
  float const value = sign * image(x, y);
  for (int dy = -1; dy <= 1; ++dy) {
    float const* const row = image.row(y + dy).data() + x;
    for (int dx = -1; dx <= 1; ++dx)
      if (sign * row[dx] > value) return false;
  }
  return true;
}

/// The runs of each group, in their order.
std::vector<Runs> split(Runs const& runs, Groups const& groups) {
  std::vector<Runs> parts(static_cast<std::size_t>(groups.count));
  for (std::size_t i = 0; i < runs.size(); ++i)
    parts[static_cast<std::size_t>(groups.of_run[i])].push_back(runs[i]);
  return parts;
}

bool reaches(Image<float> const& image, Runs const& runs, double level, float sign) {
  for (Span const& run : runs)
    for (int x = run.x0; x <= run.x1; ++x)
      if (double{sign * image.at({x, run.y})} >= level) return true;
  return false;
}

}  // namespace

std::vector<Peak> find_peaks(Image<float> const& smoothed, std::vector<Span> const& runs,
                             Polarity polarity) {
  float const sign = static_cast<float>(polarity);
  Box const& box = smoothed.bbox();
  Box const inside = box.grown(-1);
  std::vector<Peak> peaks;
  Peak highest;
  bool any = false;
  for (Span const& run : runs)
    for (int x = run.x0; x <= run.x1; ++x) {
      float const value = smoothed.at({x, run.y});
      if (!any || sign * value > sign * highest.value) {
        highest = {{x, run.y}, value};
        any = true;
      }
      if (inside.contains(x, run.y) && is_local_maximum(smoothed, x - box.x0, run.y - box.y0, sign))
        peaks.push_back({{x, run.y}, value});
    }
  if (peaks.empty() && any) peaks.push_back(highest);
  return peaks;
}

FootprintSet find_footprints(Image<float> const& smoothed, Box const& image,
                             FootprintOptions const& options) {
  float const sign = static_cast<float>(options.polarity);
  Runs const beyond = runs_beyond(smoothed, options.threshold, options.polarity);

  Runs kept;
  std::vector<Peak> peaks;
  for (Runs const& part : split(beyond, connected_groups(beyond))) {
    if (options.multiplier > 1.0 &&
        !reaches(smoothed, part, options.threshold * options.multiplier, sign))
      continue;
    kept.insert(kept.end(), part.begin(), part.end());
    std::vector<Peak> const found = find_peaks(smoothed, part, options.polarity);
    peaks.insert(peaks.end(), found.begin(), found.end());
  }
  std::sort(kept.begin(), kept.end(),
            [](Span const& a, Span const& b) { return std::tie(a.y, a.x0) < std::tie(b.y, b.x0); });

  Runs const merged = grown(kept, options.grow, Element::diamond, image);
  Groups const groups = connected_groups(merged);
  std::vector<Runs> spans = split(merged, groups);
  std::vector<std::vector<Peak>> peaks_of(spans.size());
  for (Peak const& peak : peaks) {
    int const run = find_run(merged, peak.pixel);
    peaks_of[static_cast<std::size_t>(groups.of_run[static_cast<std::size_t>(run)])].push_back(
        peak);
  }

  FootprintSet set{image, {}, {}, {}};
  set.footprints.reserve(spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    std::sort(peaks_of[i].begin(), peaks_of[i].end(), [&](Peak const& a, Peak const& b) {
      return std::tuple(-sign * a.value, a.pixel.x, a.pixel.y) <
             std::tuple(-sign * b.value, b.pixel.x, b.pixel.y);
    });
    set.footprints.emplace_back(std::move(spans[i]), std::move(peaks_of[i]));
  }
  return set;
}

}  // namespace detection

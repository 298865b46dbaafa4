#include "templates.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/psf.hpp"
#include "almagest/statistics.hpp"
#include "almagest/text.hpp"

namespace deblend {
namespace {
using namespace almagest;

constexpr double fwhm_of_sigma = 2.35;  // of a Gaussian; to three digits (README.md)

/// The noise of a pixel: the square root of the median variance [adu].
double pixel_noise(MaskedImage const& pixels, MaskPixel ignore) {
  auto space = Image<float>::uninitialised(pixels.bbox());
  std::span<float> const values = space.pixels();
  auto const variance = pixels.variance.pixels();
  auto const mask = pixels.mask.image().pixels();
  std::size_t count = 0;
  for (std::size_t k = 0; k < values.size(); ++k) {
    values[count] = variance[k];  // overwritten by the next one unless counted
    count += (mask[k] & ignore) == 0 ? 1 : 0;
  }
  if (count == 0)
    throw DataError(
        "no pixel is left to take the noise from: all are masked with planes of 'ignore'");
  double const median = quantile(values.first(count), 0.5);
  if (!(median > 0.0) || !std::isfinite(median))
    throw DataError("the median variance is " + fixed(median, 6) +
                    ": no template can be judged without noise");
  return std::sqrt(median);
}

void check(FootprintSet const& set, Exposure const& exposure) {
  if (!set.children.empty())
    throw DataError("the footprints have children: they were deblended before");
  for (Footprint const& footprint : set.footprints) {
    bool const inside = exposure.bbox().contains(footprint.bbox());
    bool const own_peaks = std::ranges::all_of(
        footprint.peaks(), [&](Peak const& peak) { return footprint.contains(peak.pixel); });
    if (inside && own_peaks) continue;
    Box const& box = footprint.bbox();
    throw DataError("the footprint at (" + std::to_string(box.x0) + ", " + std::to_string(box.y0) +
                    ") " + (inside ? "has a peak outside itself" : "reaches outside the image"));
  }
}

/// How many pixels of the blends say nothing.
std::int64_t count_bad(Exposure const& exposure, FootprintSet const& set,
                       std::span<std::size_t const> blends) {
  std::int64_t count = 0;
  for (std::size_t const k : blends)
    for (Span const& span : set.footprints[k].spans())
      for (int x = span.x0; x <= span.x1; ++x) {
        float const variance = exposure.variance().at({x, span.y});
        bool const good = std::isfinite(exposure.image().at({x, span.y})) && variance > 0.0F &&
                          std::isfinite(variance);
        count += good ? 0 : 1;
      }
  return count;
}

/// The blend as the union of its children, which may leave out pixels of it and reach beyond it.
Footprint united(Footprint parent, std::span<DeblendedSource const> sources) {
  std::vector<Span> spans;
  for (DeblendedSource const& source : sources) {
    auto const& own = source.footprint.spans();
    spans.insert(spans.end(), own.begin(), own.end());
  }
  if (spans.empty()) return parent;
  return {std::move(spans), std::move(parent.peaks())};
}

}  // namespace

void Templates::prepare(Setup&) {
  position_or_centre(*psf_position, Box{});
}

bool Templates::too_large(Footprint const& footprint) const noexcept {
  auto const above = [](std::int64_t value, std::int64_t limit) {
    return limit > 0 && value > limit;
  };
  Box const& box = footprint.bbox();
  return above(static_cast<std::int64_t>(footprint.peaks().size()), *max_peaks) ||
         above(footprint.area(), *max_area) || above(std::max(box.width, box.height), *max_size);
}

BlendOptions Templates::options(Exposure const& exposure) const {
  Point const position = position_or_centre(*psf_position, exposure.bbox());
  double const sigma = exposure.require_psf().shape(position).determinant_radius();
  double const noise = pixel_noise(exposure.masked_image(), exposure.mask().bits(*ignore));

  BlendOptions result;
  result.psf_fit = {fwhm_of_sigma * sigma, *chi_squared, *star_positions == "fitted",
                    *star_positions == "peaks_reversed", *refuse_empty_terms};
  result.cut_off_level = static_cast<float>(*ramp_threshold * noise);
  result.ramp_last_pixel_only = *ramp_last_pixel_only;
  result.median_skips_column = *median_skips_column;
  result.median_spill = *median_spill;
  result.share_inside_parent_box = *share_inside_parent_box;
  return result;
}

Outcome Templates::run(Context& context) const {
  Exposure const& exposure = context.get(exposure_in);
  FootprintSet set = context.take(footprints_in);
  check(set, exposure);

  std::vector<std::size_t> parents;
  for (std::size_t k = 0; k < set.footprints.size(); ++k) {
    if (set.footprints[k].peaks().size() < 2) continue;
    (too_large(set.footprints[k]) ? set.skipped : parents).push_back(k);
  }

  std::vector<std::vector<DeblendedSource>> sources(parents.size());
  if (!parents.empty()) {
    if (std::int64_t const bad = count_bad(exposure, set, parents); bad > 0)
      context.log().warning(counted(static_cast<std::size_t>(bad), "pixel") +
                            " of blends without finite value or without variance; no template "
                            "rests on them");
    BlendOptions const how = options(exposure);
    context.parallel_for(parents.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k)
        sources[k] = deblend_footprint(exposure, set.footprints[parents[k]], how);
    });
  }

  std::size_t stars = 0, ramped = 0;
  for (std::size_t k = 0; k < parents.size(); ++k) {
    Footprint& parent = set.footprints[parents[k]];
    parent = united(std::move(parent), sources[k]);
    for (DeblendedSource& source : sources[k]) {
      set.footprints.push_back(std::move(source.footprint));
      set.children.push_back({parents[k], source.as_psf, source.ramped});
      stars += source.as_psf ? 1 : 0;
      ramped += source.ramped ? 1 : 0;
    }
  }

  context.record(blends, static_cast<std::int64_t>(parents.size()));
  context.record(left_alone, static_cast<std::int64_t>(set.skipped.size()));
  context.record(children, static_cast<std::int64_t>(set.children.size()));
  context.record(psf_templates, static_cast<std::int64_t>(stars));
  context.record(ramped_templates, static_cast<std::int64_t>(ramped));
  context.log().info(counted(parents.size(), "blend") + " into " +
                     counted(set.children.size(), "source") + ": " + counted(stars, "star") + ", " +
                     counted(ramped, "ramped template") + "; " +
                     counted(set.skipped.size(), "blend") + " left alone");
  context.put(footprints_out, std::move(set));
  return done;
}

}  // namespace deblend

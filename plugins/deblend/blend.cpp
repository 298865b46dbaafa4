#include "blend.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "apportion.hpp"
#include "median.hpp"
#include "monotonic.hpp"
#include "ramp.hpp"
#include "region.hpp"
#include "symmetric_template.hpp"

namespace deblend {
namespace {
using namespace almagest;

Point position_of(Pixel pixel) noexcept {
  return {static_cast<double>(pixel.x), static_cast<double>(pixel.y)};
}

Pixel middle_of(Box const& box) noexcept {
  return {(box.x0 + box.x1()) / 2, (box.y0 + box.y1()) / 2};
}

/// One blend while it is taken apart.
class Blend {
 public:
  Blend(Exposure const& exposure, Footprint const& parent, BlendOptions const& options)
      : exposure_(exposure),
        psf_(exposure.require_psf()),
        parent_(parent),
        options_(options),
        region_(region_of(parent, parent.bbox())) {
    for (Peak const& peak : parent.peaks()) {
      Point const position = position_of(peak.pixel);
      peaks_.push_back({peak.pixel, position, psf_.stamp(position)});
    }
    if (options.psf_fit.fit_positions)
      fit_positions(peaks_, exposure.masked_image(), region_, psf_, options.psf_fit);
  }

  std::vector<DeblendedSource> take_apart() {
    std::vector<DeblendedSource> sources;
    std::vector<Claim> claims;
    for (std::size_t k = 0; k < peaks_.size(); ++k) {
      if (too_small(peaks_[k].pixel)) continue;
      DeblendedSource& source = sources.emplace_back();
      Claim& claim = claims.emplace_back(claim_of(k, source));
      source.footprint = Footprint(claim.spans, {parent_.peaks()[k]});
    }
    Box box = parent_.bbox();
    if (!options_.share_inside_parent_box)
      for (Claim const& claim : claims) box = hull(box, claim.image.bbox());
    auto shares = apportion(exposure_.image(), box, claims);
    for (std::size_t k = 0; k < sources.size(); ++k)
      sources[k].footprint.set_values(std::move(shares[k]));
    return sources;
  }

 private:
  static Box hull(Box const& a, Box const& b) noexcept {
    if (b.empty()) return a;
    return Box::from_corners(std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1(), b.x1()),
                             std::max(a.y1(), b.y1()));
  }

  bool too_small(Pixel peak) const noexcept {
    Box const box = local_box(peak, options_.psf_fit.fwhm, parent_.bbox());
    return std::min(box.width, box.height) <= options_.smallest_stamp;
  }

  /// The template of peak k; says in `source` what kind it is.
  Claim claim_of(std::size_t k, DeblendedSource& source) const {
    auto const star = fit_psf(exposure_.masked_image(), region_, peaks_, k, psf_, options_.psf_fit);
    source.as_psf = star.has_value();
    return clipped(star ? star_template(*star) : extended_template(peaks_[k].pixel, source.ramped));
  }

  Template star_template(PsfModel const& star) const {
    Image<double> const stamp = psf_.stamp(star.centre);
    Box const box = intersection(stamp.bbox(), parent_.bbox());
    Template result{Image<float>(box), region_.cutout(box)};
    auto const in = std::as_const(result.region).pixels();
    auto const light = result.image.pixels();
    std::size_t i = 0;
    for (int y = box.y0; y <= box.y1(); ++y)
      for (int x = box.x0; x <= box.x1(); ++x, ++i)
        if (in[i] != 0) light[i] = static_cast<float>(stamp.at({x, y}) * star.flux);
    return result;
  }

  Template extended_template(Pixel peak, bool& ramped) const {
    Template result = symmetric_template(exposure_.image(), region_, peak);
    ramped = cut_off(result, options_.cut_off_level);
    if (ramped) {
      Image<double> const psf = psf_.kernel(position_of(middle_of(parent_.bbox())));
      result =
          ramped_template(exposure_.image(), parent_, result, psf,
                          ramp_reach(options_.psf_fit.fwhm), peak, options_.ramp_last_pixel_only);
    }
    median_filter(result.image, !options_.median_skips_column);
    if (!options_.median_spill) clear_outside(result);
    make_monotonic(result.image, peak);
    return result;
  }

  static void clear_outside(Template& source) {
    auto const in = std::as_const(source.region).pixels();
    auto const light = source.image.pixels();
    for (std::size_t i = 0; i < in.size(); ++i)
      if (in[i] == 0) light[i] = 0.0F;
  }

  /// Leaves out the zeros at both ends of each run of pixels, and what the image has outside the
  /// box of those that are left.
  static Claim clipped(Template source) {
    Claim claim{std::move(source.image), spans_of(source.region)};
    for (Span& span : claim.spans) {
      auto const empty = [&](int x) { return std::as_const(claim.image).at({x, span.y}) == 0.0F; };
      while (span.x0 <= span.x1 && empty(span.x0)) ++span.x0;
      while (span.x0 <= span.x1 && empty(span.x1)) --span.x1;
    }
    std::erase_if(claim.spans, [](Span const& span) { return span.x1 < span.x0; });
    if (!claim.spans.empty()) claim.image = claim.image.cutout(Footprint(claim.spans, {}).bbox());
    return claim;
  }

  Exposure const& exposure_;
  Psf const& psf_;
  Footprint const& parent_;
  BlendOptions const& options_;
  Region region_;
  std::vector<PeakPsf> peaks_;
};

}  // namespace

std::vector<DeblendedSource> deblend_footprint(Exposure const& exposure, Footprint const& parent,
                                               BlendOptions const& options) {
  return Blend(exposure, parent, options).take_apart();
}

}  // namespace deblend

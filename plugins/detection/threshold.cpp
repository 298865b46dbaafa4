#include "threshold.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/mask.hpp"
#include "almagest/psf.hpp"
#include "almagest/statistics.hpp"
#include "almagest/text.hpp"

#include "footprint_finder.hpp"
#include "gaussian_smoothing.hpp"
#include "runs.hpp"

namespace detection {
namespace {
using namespace almagest;

// Rows that one thread smooths at a time: enough that the kernel's overlap costs little.
constexpr std::size_t rows_per_chunk = 256;

Image<float> smoothed_image(Image<float> const& image, double sigma, double reach,
                            Context& context) {
  int const width = kernel_width(sigma, reach);
  Box const box = smoothed_box(image.bbox(), width);
  if (box.empty())
    throw DataError("an image of " + std::to_string(image.width()) + " x " +
                    std::to_string(image.height()) + " pixels is too small for a kernel of " +
                    std::to_string(width) + " x " + std::to_string(width));
  std::vector<double> const taps = gaussian_taps(sigma, width);
  auto smoothed = Image<float>::uninitialised(box);
  context.parallel_for(static_cast<std::size_t>(box.height), rows_per_chunk,
                       [&](std::size_t begin, std::size_t end) {
                         smooth_rows(image, taps, static_cast<int>(begin), static_cast<int>(end),
                                     smoothed);
                       });
  return smoothed;
}

/// The clipped scatter of a smoothed image without the pixels of `left_out`.
double scatter(Image<float> const& smoothed, Runs const& left_out) {
  Box const& box = smoothed.bbox();
  // An image as working space: its memory comes from the pool, and is not cleared first.
  auto space = Image<float>::uninitialised(box);
  float* const values = space.pixels().data();
  std::size_t count = 0;
  auto next = left_out.begin();
  for (int y = box.y0; y <= box.y1(); ++y) {
    float const* const row = smoothed.row(y - box.y0).data();
    auto const copy = [&](int x0, int x1) {
      if (x1 < x0) return;
      float const* const end =
          std::copy(row + (x0 - box.x0), row + (x1 - box.x0) + 1, values + count);
      count = static_cast<std::size_t>(end - values);
    };
    int x = box.x0;
    for (; next != left_out.end() && next->y <= y; ++next) {
      if (next->y < y) continue;
      copy(x, next->x0 - 1);
      x = next->x1 + 1;
    }
    copy(x, box.x1());
  }
  if (count < 2)
    throw DataError("no pixel is left to set a threshold from: all are masked or near masked ones");
  return clipped_statistics(std::span(values, count)).scatter;
}

/// Sets `bits` in the pixels within `border` of the image's sides.
void set_border(Mask& mask, int border, MaskPixel bits) {
  int const width = mask.width(), height = mask.height();
  for (int y = 0; y < height; ++y) {
    std::span<MaskPixel> const row = mask.image().row(y);
    bool const whole = y < border || y >= height - border;
    int const reach = whole ? width : std::min(border, width);
    for (int x = 0; x < reach; ++x) row[static_cast<std::size_t>(x)] |= bits;
    for (int x = std::max(reach, width - border); x < width; ++x)
      row[static_cast<std::size_t>(x)] |= bits;
  }
}

/// Pixels that the smoothing takes for sky.
std::int64_t count_not_finite(Image<float> const& image) {
  return std::ranges::count_if(image.pixels(), [](float value) { return !std::isfinite(value); });
}

std::int64_t count_peaks(FootprintSet const& set) {
  std::int64_t count = 0;
  for (Footprint const& footprint : set.footprints)
    count += static_cast<std::int64_t>(footprint.peaks().size());
  return count;
}

}  // namespace

void Threshold::prepare(Setup&) {
  position_or_centre(*psf_position, Box{});
}

// Science document, section 3, with items 4 and 5 of section 10.
Outcome Threshold::run(Context& context) const {
  Exposure exposure = context.take(input);
  Point const position = position_or_centre(*psf_position, exposure.bbox());
  double const sigma = exposure.require_psf().shape(position).determinant_radius();

  if (std::int64_t const pixels = count_not_finite(exposure.image()); pixels > 0)
    context.log().warning(std::to_string(pixels) +
                          " pixels are not finite: nothing is found there, sources over them are "
                          "flagged");

  Image<float> const smoothed = smoothed_image(exposure.image(), sigma, *kernel_reach, context);
  int const reach = kernel_width(sigma, *kernel_reach) / 2;

  // Smoothing spreads a bad pixel over a square. The border of an earlier detection counts here,
  // the one that is set below does not.
  Mask& mask = exposure.mask();
  Runs const bad =
      grown(masked_runs(mask, mask.bits(*ignore)), reach, Element::square, smoothed.bbox());
  double const limit = *threshold * scatter(smoothed, bad);
  if (!(limit > 0.0)) throw DataError("the smoothed image has no scatter: no threshold can be set");

  FootprintOptions options{limit, *multiplier, static_cast<int>(*grow * sigma + 0.5),
                           Polarity::positive};
  FootprintSet const sources = find_footprints(smoothed, exposure.bbox(), options);

  MaskPixel const earlier = mask.bits({"DETECTED", "DETECTED_NEGATIVE"});
  for (MaskPixel& pixel : mask.image().pixels()) pixel &= ~earlier;
  set_border(mask, reach, mask.bit("EDGE"));
  sources.set_in(mask, mask.bit("DETECTED"));
  if (*negative) {
    options.polarity = Polarity::negative;
    find_footprints(smoothed, exposure.bbox(), options).set_in(mask, mask.bit("DETECTED_NEGATIVE"));
  }

  std::int64_t const number = static_cast<std::int64_t>(sources.footprints.size());
  std::int64_t const peak_count = count_peaks(sources);
  context.record(level, limit);
  context.record(psf_sigma, sigma);
  context.record(found, number);
  context.record(peaks, peak_count);
  std::string const summary = counted(sources.footprints.size(), "footprint") + " with " +
                              counted(static_cast<std::size_t>(peak_count), "peak") + " above " +
                              fixed(limit, 6) + " adu";
  if (number == 0)
    context.log().warning("no source found: " + summary);
  else
    context.log().info(summary);

  context.put(output, std::move(exposure));
  context.put(footprints, sources);
  return done;
}

}  // namespace detection

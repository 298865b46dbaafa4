#include "brighter_fatter.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "almagest/amplifier_view.hpp"
#include "almagest/error.hpp"
#include "almagest/text.hpp"

#include "good_pixels.hpp"
#include "mask_shapes.hpp"
#include "row_filling.hpp"

namespace isr {
namespace {
using namespace almagest;

constexpr std::size_t rows_at_once = 64;

/// Calls visit(pixels of a row, electrons per unit) for each amplifier whose gain is not 1.
template <class Visit>
void for_scaled_rows(Exposure& exposure, Visit const& visit) {
  for (AmplifierView const& view : amplifier_views(exposure, false)) {
    double const gain = view.amplifier->gain;
    if (!(gain > 0.0) || !std::isfinite(gain))
      throw DataError("amplifier '" + view.amplifier->name +
                      "': brighter-fatter needs a gain, got " + std::to_string(gain));
    if (gain == 1.0) continue;
    for (int y = 0; y < view.image.height(); ++y)
      visit(view.image.row(y), static_cast<float>(gain));
  }
}

}  // namespace

/// The frame in electrons, interpolated where it tells nothing.
Image<float> BrighterFatter::charge_of(Exposure const& exposure) const {
  Exposure copy = exposure;
  for_scaled_rows(copy, [](std::span<float> row, float gain) {
    for (float& pixel : row) pixel *= gain;
  });
  if (!fill_along_rows(copy.image(), copy.mask(), known_bits(copy.mask(), *masks)))
    throw DataError("brighter-fatter: the frame has no usable pixel");
  return copy.image();
}

/// Corrects with the frame itself as the first guess of the truth, then with what came out.
Deflection::Rimmed BrighterFatter::corrected(Deflection const& deflection,
                                             Image<float> const& charge, Context& context) const {
  auto const way = *method == "gradient" ? Deflection::Method::gradient
                   : *method == "faces"  ? Deflection::Method::faces
                                         : Deflection::Method::conserving_flux;
  Deflection::Rimmed estimate(charge), next = estimate;
  int const margin = deflection.margin();
  auto const rows = static_cast<std::size_t>(std::max(0, charge.height() - 2 * margin));
  std::vector<double> changes((rows + rows_at_once - 1) / rows_at_once);
  double change = 0.0;
  int done_so_far = 0;
  while (done_so_far < *max_iterations) {
    context.parallel_for(rows, rows_at_once, [&](std::size_t begin, std::size_t end) {
      changes[begin / rows_at_once] =
          deflection.undo(way, charge, estimate, next, static_cast<int>(begin) + margin,
                          static_cast<int>(end) + margin);
    });
    ++done_so_far;
    change = 0.0;
    for (double const part : changes) change += part;
    if (!std::isfinite(change))
      throw DataError(
          "brighter-fatter: the correction grows without limit; is the kernel in "
          "1/electron?");
    std::swap(estimate, next);
    if (change < *threshold) break;
  }
  if (!(change < *threshold))
    context.log().warning("still changed by " + fixed(change, 0) + " electrons after " +
                          counted(static_cast<std::size_t>(done_so_far), "iteration"));
  context.record(iterations, done_so_far);
  context.record(last_change, change);
  return estimate;
}

/// The planes grow, because a neighbour of what is not known has no good gradient; the edge is not
/// corrected.
void BrighterFatter::flag(Mask& mask, int margin) const {
  for (std::string const& plane : *masks)
    if (mask.has(plane)) grow_manhattan(mask, mask.bit(plane), *grow);
  MaskPixel const edge = mask.bit("EDGE");
  Image<MaskPixel>& pixels = mask.image();
  int const width = pixels.width(), height = pixels.height();
  for (int y = 0; y < height; ++y) {
    std::span<MaskPixel> const row = pixels.row(y);
    bool const whole = y < margin || y >= height - margin;
    int const left = whole ? width : std::min(margin, width);
    for (int x = 0; x < left; ++x) row[static_cast<std::size_t>(x)] |= edge;
    for (int x = std::max(left, width - margin); x < width; ++x)
      row[static_cast<std::size_t>(x)] |= edge;
  }
}

// ISR document 4.1, step 10.
Outcome BrighterFatter::run(Context& context) const {
  Deflection const deflection(context.get(bf_kernel).kernel);
  Exposure exposure = context.take(input);
  Image<float> const charge = charge_of(exposure);
  Deflection::Rimmed const truth = corrected(deflection, charge, context);

  // Only what the correction adds, in the frame's own unit.
  Exposure moved = exposure;
  moved.image() = Image<float>::uninitialised(exposure.bbox());
  for (int y = 0; y < charge.height(); ++y) {
    std::span<float const> const before = charge.row(y);
    float const* const after = truth.row(y);
    std::span<float> const to = moved.image().row(y);
    for (std::size_t x = 0; x < to.size(); ++x) to[x] = after[x] - before[x];
  }
  for_scaled_rows(moved, [](std::span<float> row, float gain) {
    for (float& pixel : row) pixel /= gain;
  });
  std::span<float const> const added = std::as_const(moved).image().pixels();
  std::span<float> const pixels = exposure.image().pixels();
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] += added[i];

  flag(exposure.mask(), deflection.margin());
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace isr

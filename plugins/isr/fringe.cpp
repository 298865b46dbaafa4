#include "fringe.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/text.hpp"

#include "good_pixels.hpp"

namespace isr {
namespace {
using namespace almagest;

constexpr std::size_t positions_at_once = 500;
constexpr int most_rounds = 5;  // two or three are enough

/// 1 where a pixel of either frame is ignored or not finite.
Image<std::uint8_t> unusable_pixels(Exposure const& science, Exposure const& fringe,
                                    std::vector<std::string> const& ignored) {
  MaskPixel const in_science = known_bits(science.mask(), ignored);
  MaskPixel const in_fringe = known_bits(fringe.mask(), ignored);
  auto unusable = Image<std::uint8_t>::uninitialised(science.bbox());
  std::span<std::uint8_t> const to = unusable.pixels();
  auto const a = science.image().pixels(), b = fringe.image().pixels();
  auto const mask_a = science.mask().image().pixels(), mask_b = fringe.mask().image().pixels();
  for (std::size_t i = 0; i < to.size(); ++i) {
    bool const good = ((mask_a[i] & in_science) | (mask_b[i] & in_fringe)) == 0 &&
                      a[i] - a[i] == 0.0F && b[i] - b[i] == 0.0F;
    to[i] = good ? 0 : 1;
  }
  return unusable;
}

/// Where the fringe frame knows nothing, the science frame is BAD.
void subtract(Exposure& science, Exposure const& fringe, double scale) {
  auto const factor = static_cast<float>(scale);
  std::span<float> const to = science.image().pixels();
  std::span<float const> const from = fringe.image().pixels();
  bool all_known = true;
  for (std::size_t i = 0; i < to.size(); ++i) {
    bool const known = from[i] - from[i] == 0.0F;
    to[i] -= known ? factor * from[i] : 0.0F;
    all_known &= known;
  }
  if (all_known) return;
  MaskPixel const bad = science.mask().bit("BAD");
  std::span<MaskPixel> const mask = science.mask().image().pixels();
  for (std::size_t i = 0; i < mask.size(); ++i)
    if (!std::isfinite(from[i])) mask[i] |= bad;
}

}  // namespace

void Fringe::prepare(Setup& /*setup*/) {
  if (*small_box >= *large_box)
    throw ConfigError("fringe: 'small_box' (" + std::to_string(*small_box) +
                      ") must be smaller than 'large_box' (" + std::to_string(*large_box) + ")");
}

struct Fringe::Places {
  std::vector<Pixel> centres;
  Image<std::uint8_t> unusable;
};

std::vector<std::optional<float>> Fringe::amplitudes(Mixture const& mixture, Places const& places,
                                                     Context& context) const {
  std::vector<std::optional<float>> measured(places.centres.size());
  FringeBoxes const boxes{*small_box, *large_box};
  context.parallel_for(measured.size(), positions_at_once, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      measured[i] = fringe_amplitude(mixture, places.unusable, places.centres[i], boxes);
  });
  return measured;
}

/// Fits until nothing is left to fit: the median of a box full of fringes and noise is not the sum
/// of their medians, so that the first scale is some per cent off.
std::optional<FringeScale> Fringe::scale_of(Exposure const& science, Exposure const& frame,
                                            Places const& places, Context& context) const {
  auto const of_fringe = amplitudes({&frame.image(), nullptr, 0.0F}, places, context);
  double scale = 0.0;
  for (int round = 0;; ++round) {
    auto const left =
        amplitudes({&science.image(), &frame.image(), static_cast<float>(-scale)}, places, context);
    std::vector<FringeAmplitude> pairs;
    for (std::size_t i = 0; i < left.size(); ++i)
      if (left[i] && of_fringe[i]) pairs.push_back({*left[i], *of_fringe[i]});
    auto fit = fit_fringe_scale(pairs, *sigmas, *max_iterations);
    if (!fit || !std::isfinite(fit->scale)) return std::nullopt;
    scale += fit->scale;
    bool const settled = std::abs(fit->scale) < std::max(fit->error, 1e-3 * std::abs(scale));
    if (!settled && round < most_rounds) continue;
    fit->scale = scale;
    return fit;
  }
}

// ISR document 4.1, step 14.
Outcome Fringe::run(Context& context) const {
  Exposure exposure = context.take(input);
  Exposure const& frame = context.get(fringe);
  if (frame.bbox().width != exposure.bbox().width || frame.bbox().height != exposure.bbox().height)
    throw DataError("the fringe frame has " + std::to_string(frame.bbox().width) + " x " +
                    std::to_string(frame.bbox().height) + " pixels, the exposure " +
                    std::to_string(exposure.bbox().width) + " x " +
                    std::to_string(exposure.bbox().height));
  Places const places{
      fringe_positions(exposure.bbox().width, exposure.bbox().height, (*large_box + 1) / 2,
                       static_cast<std::size_t>(*positions), context.seed()),
      unusable_pixels(exposure, frame, *ignore)};
  auto const fit = scale_of(exposure, frame, places, context);
  if (!fit || fit->count < static_cast<std::size_t>(*min_positions)) {
    context.log().warning(
        "the fringes stay, because they cannot be scaled: " +
        (fit ? counted(fit->count, "usable place") + " of " + std::to_string(*positions) +
                   ", want " + std::to_string(*min_positions)
             : std::string("nothing is usable, or the fringe frame has the same value "
                           "everywhere")));
    context.put(output, std::move(exposure));
    return done;
  }

  subtract(exposure, frame, fit->scale);
  context.record(fringe_scale, fit->scale);
  context.record(fringe_scale_error, fit->error);
  context.record(scatter, fit->scatter);
  context.record(used, static_cast<std::int64_t>(fit->count));
  context.log().info("fringe frame × " + fixed(fit->scale, 4) + " ± " + fixed(fit->error, 4) +
                     " from " + counted(fit->count, "place"));
  context.put(output, std::move(exposure));
  return done;
}

}  // namespace isr

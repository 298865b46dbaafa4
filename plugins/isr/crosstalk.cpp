#include "crosstalk.hpp"

#include <limits>
#include <numeric>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"

#include "crosstalk_removal.hpp"
#include "good_pixels.hpp"

namespace isr {
namespace {
using namespace almagest;

constexpr std::size_t rows_at_once = 128;

/// Calls visit(mask) for the mask of each amplifier, in their order.
template <class Visit>
void for_masks(Exposure& exposure, Visit const& visit) {
  for (std::size_t i = 0; i < exposure.detector.amplifiers.size(); ++i) visit(exposure.mask());
}
template <class Visit>
void for_masks(RawExposure& raw, Visit const& visit) {
  for (RawExposure::Channel& channel : raw.channels) visit(channel.made_mask());
}

/// Finite pixels without ignored bits; of large amplifiers every fourth row, which gives a
/// background to better than 0.01 of the noise.
void append_sample(AmplifierView const& view, MaskPixel ignored, std::vector<float>& sample) {
  int const step = view.image.height() >= 1024 ? 4 : 1;
  for (int y = 0; y < view.image.height(); y += step) {
    std::span<float const> const image = view.image.row(y);
    std::span<MaskPixel const> const mask = view.mask.row(y);
    for (std::size_t x = 0; x < image.size(); ++x)
      if ((mask[x] & ignored) == 0) sample.push_back(image[x]);
  }
}

bool wholly_ignored(AmplifierView const& view, MaskPixel ignored) {
  for (int y = 0; y < view.mask.height(); ++y)
    for (MaskPixel const mask : view.mask.row(y))
      if ((mask & ignored) == 0) return false;
  return true;
}

float median_or_zero(std::vector<float>& sample) {
  try {
    return static_cast<float>(quantile(sample, 0.5));
  } catch (MeasurementError const&) {
    return 0.0F;  // no usable pixel: nothing of it counts as a source either
  }
}

float limit(double parameter) {
  return parameter > 0.0 ? static_cast<float>(parameter) : std::numeric_limits<float>::infinity();
}

}  // namespace

template <class Frame>
std::vector<float> CrosstalkCorrection<Frame>::backgrounds(
    std::vector<AmplifierView> const& views, std::vector<MaskPixel> const& ignored) const {
  std::vector<float> levels(views.size(), 0.0F);
  if (*background == "none") return levels;
  std::vector<float> sample;
  for (std::size_t i = 0; i < views.size(); ++i) {
    append_sample(views[i], ignored[i], sample);
    if (*background == "detector") continue;
    levels[i] = median_or_zero(sample);
    sample.clear();
  }
  if (*background == "detector") levels.assign(views.size(), median_or_zero(sample));
  return levels;
}

// ISR document 4.1, step 8.
template <class Frame>
Outcome CrosstalkCorrection<Frame>::run(Context& context) const {
  Frame frame = context.take(input);
  CrosstalkMatrix matrix = crosstalk_matrix(context.get(crosstalk), frame.detector);

  CrosstalkRemoval::Flags flags{limit(*min_pixel), limit(*min_correction), {}};
  std::vector<MaskPixel> ignored;
  for_masks(frame, [&](Mask& mask) {
    ignored.push_back(known_bits(mask, *ignore));
    flags.bits.push_back(mask.add_plane("CROSSTALK"));
  });

  std::vector<AmplifierView> const views = amplifier_views(frame, true);
  for (std::size_t i = 0; i < views.size(); ++i)
    if (wholly_ignored(views[i], ignored[i]))
      matrix.silence(i);  // its overscan level is still there
  std::vector<float> levels = backgrounds(views, ignored);
  context.record(
      level, std::reduce(levels.begin(), levels.end(), 0.0) / static_cast<double>(levels.size()));
  CrosstalkRemoval const removal(views, std::move(matrix), std::move(levels), std::move(flags));
  context.parallel_for(removal.rows(), rows_at_once,
                       [&](std::size_t begin, std::size_t end) { removal.subtract(begin, end); });
  context.put(output, std::move(frame));
  return done;
}

template class CrosstalkCorrection<Exposure>;
template class CrosstalkCorrection<RawExposure>;

}  // namespace isr

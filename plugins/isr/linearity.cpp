#include "linearity.hpp"

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "almagest/amplifier_view.hpp"
#include "almagest/error.hpp"

#include "gain.hpp"
#include "linear_response.hpp"

namespace isr {
namespace {
using namespace almagest;

constexpr std::size_t rows_at_once = 256;

/// How each amplifier departs from a straight line.
std::vector<Linearity> linearities(Detector const& detector, LinearityTable const* table) {
  std::vector<Linearity> all;
  for (Amplifier const& amplifier : detector.amplifiers) {
    if (!table) {
      all.push_back(amplifier.linearity);
      continue;
    }
    auto const found = table->amplifiers.find(amplifier.name);
    if (found == table->amplifiers.end())
      throw DataError("the linearity table has no amplifier '" + amplifier.name +
                      "' of detector '" + detector.name + "'");
    all.push_back(found->second);
  }
  return all;
}

/// Electrons per unit that coefficients are of: 1 until isr/gain has been here.
float gain_in_pixels(Amplifier const& amplifier) {
  auto const found = amplifier.further.find(applied_gain);
  return found == amplifier.further.end() ? 1.0F : static_cast<float>(found->second);
}

/// Coefficients are of adu, whatever the frame's unit.
void correct(LinearResponse const& response, float gain, std::span<float> row) {
  if (gain == 1.0F) return response.correct(row);
  for (float& pixel : row) pixel /= gain;
  response.correct(row);
  for (float& pixel : row) pixel *= gain;
}

}  // namespace

// ISR document 4.1, step 7.
template <class Frame>
Outcome LinearityCorrection<Frame>::run(Context& context) const {
  Frame frame = context.take(input);
  std::vector<Linearity> const wanted = linearities(frame.detector, context.get(table));
  if (wanted.empty() || wanted.front().type == Linearity::Type::none) {
    context.log().info("the first amplifier's linearity is 'none': nothing to do");
    context.put(output, std::move(frame));
    return done;
  }
  std::vector<AmplifierView> const views = amplifier_views(frame, false);
  for (std::size_t i = 0; i < views.size(); ++i) {
    LinearResponse const response(wanted[i], views[i].amplifier->name);
    PixelView<float> const& image = views[i].image;
    float const gain = gain_in_pixels(*views[i].amplifier);
    context.parallel_for(static_cast<std::size_t>(image.height()), rows_at_once,
                         [&](std::size_t begin, std::size_t end) {
                           for (std::size_t y = begin; y < end; ++y)
                             correct(response, gain, image.row(static_cast<int>(y)));
                         });
  }
  context.put(output, std::move(frame));
  return done;
}

template class LinearityCorrection<Exposure>;
template class LinearityCorrection<RawExposure>;

}  // namespace isr

#include "channels.hpp"

#include <algorithm>
#include <string>

#include "almagest/error.hpp"

namespace isr {
using namespace almagest;

void require_channels(RawExposure const& raw) {
  if (raw.channels.empty())
    throw DataError("the raw frame of detector '" + raw.detector.name + "' has no amplifiers");
  if (raw.channels.size() != raw.detector.amplifiers.size())
    throw DataError("the raw frame has " + std::to_string(raw.channels.size()) +
                    " images, detector '" + raw.detector.name + "' has " +
                    std::to_string(raw.detector.amplifiers.size()) + " amplifiers");
  for (std::size_t i = 0; i < raw.channels.size(); ++i) {
    Image<float> const& image = raw.channels[i].image;
    if (raw.amplifier(i).raw_data.empty() ||
        !Box{0, 0, image.width(), image.height()}.contains(raw.amplifier(i).raw_data))
      throw DataError("amplifier '" + raw.amplifier(i).name +
                      "': its data section is not inside the raw image of " +
                      std::to_string(image.width()) + " x " + std::to_string(image.height()) +
                      " pixels");
  }
}

bool wholly_bad(RawExposure const& raw, std::size_t channel) {
  Mask const& mask = raw.channels[channel].mask;
  if (mask.image().empty()) return false;
  MaskPixel const bad = mask.bit("BAD");
  auto const data = view_of(mask.image(), raw.amplifier(channel).raw_data);
  for (int y = 0; y < data.height(); ++y)
    if (!std::ranges::all_of(data.row(y), [&](MaskPixel pixel) { return (pixel & bad) != 0; }))
      return false;
  return true;
}

void mark_bad(RawExposure& raw, std::size_t channel) {
  Mask& mask = raw.channels[channel].made_mask();
  MaskPixel const bad = mask.bit("BAD");
  Box const& data = raw.amplifier(channel).raw_data;
  for (int y = data.y0; y <= data.y1(); ++y)
    for (MaskPixel& pixel : mask.image().row(y).subspan(static_cast<std::size_t>(data.x0),
                                                        static_cast<std::size_t>(data.width)))
      pixel |= bad;
}

}  // namespace isr

#include "almagest/amplifier_view.hpp"

#include "almagest/error.hpp"

namespace almagest {
namespace {

/// \param region  array indices
template <class T>
PixelView<T> view_of(Image<T>& plane, Box const& region) {
  return {plane.pixels().data() + std::ptrdiff_t{region.y0} * plane.width() + region.x0,
          region.width, region.height, plane.width()};
}

void require_inside(Box const& region, int width, int height, Amplifier const& amplifier) {
  if (region.empty() || !Box{0, 0, width, height}.contains(region))
    throw DataError("amplifier '" + amplifier.name + "': its data section is not inside the image");
}

void require_amplifiers(Detector const& detector) {
  if (detector.amplifiers.empty())
    throw DataError("detector '" + detector.name + "' has no amplifiers");
}

}  // namespace

std::vector<AmplifierView> amplifier_views(RawExposure& raw, bool with_masks) {
  require_amplifiers(raw.detector);
  std::vector<AmplifierView> views;
  for (std::size_t i = 0; i < raw.channels.size(); ++i) {
    Amplifier const& amplifier = raw.amplifier(i);
    RawExposure::Channel& channel = raw.channels[i];
    require_inside(amplifier.raw_data, channel.image.width(), channel.image.height(), amplifier);
    AmplifierView view{&amplifier,
                       view_of(channel.image, amplifier.raw_data),
                       {},
                       flipped(amplifier.read_corner, amplifier.flip_x, amplifier.flip_y)};
    if (with_masks) channel.made_mask();
    if (!channel.mask.image().empty())
      view.mask = view_of(channel.mask.image(), amplifier.raw_data);
    views.push_back(view);
  }
  return views;
}

std::vector<AmplifierView> amplifier_views(Exposure& exposure, bool with_masks) {
  require_amplifiers(exposure.detector);
  std::vector<AmplifierView> views;
  Box const frame = exposure.bbox();
  for (Amplifier const& amplifier : exposure.detector.amplifiers) {
    Box region = amplifier.box;
    region.x0 -= frame.x0;
    region.y0 -= frame.y0;
    require_inside(region, frame.width, frame.height, amplifier);
    AmplifierView view{&amplifier, view_of(exposure.image(), region), {}, amplifier.read_corner};
    if (with_masks) view.mask = view_of(exposure.mask().image(), region);
    views.push_back(view);
  }
  return views;
}

}  // namespace almagest

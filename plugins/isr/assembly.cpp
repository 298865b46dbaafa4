#include "assembly.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "almagest/error.hpp"

#include "channels.hpp"

namespace isr {
namespace {
using namespace almagest;

std::string text(Box const& box) {
  return std::to_string(box.width) + " x " + std::to_string(box.height) + " pixels at (" +
         std::to_string(box.x0) + ", " + std::to_string(box.y0) + ")";
}

void require_fit(Detector const& detector, Amplifier const& amplifier) {
  Box const &raw = amplifier.raw_data, &box = amplifier.box;
  if (raw.width != box.width || raw.height != box.height)
    throw DataError("amplifier '" + amplifier.name + "': its data section of " + text(raw) +
                    " does not fill its place of " + text(box) + " in the detector");
  if (!detector.box.contains(box))
    throw DataError("amplifier '" + amplifier.name + "': its place of " + text(box) +
                    " is not inside detector '" + detector.name + "' of " + text(detector.box));
}

void require_apart(Detector const& detector) {
  auto const& amplifiers = detector.amplifiers;
  for (std::size_t i = 0; i < amplifiers.size(); ++i)
    for (std::size_t k = i + 1; k < amplifiers.size(); ++k)
      if (!intersection(amplifiers[i].box, amplifiers[k].box).empty())
        throw DataError("amplifiers '" + amplifiers[i].name + "' and '" + amplifiers[k].name +
                        "' overlap in detector '" + detector.name + "'");
}

}  // namespace

Exposure frame_of(RawExposure const& raw) {
  require_channels(raw);
  Detector const& detector = raw.detector;
  for (Amplifier const& amplifier : detector.amplifiers) require_fit(detector, amplifier);
  require_apart(detector);
  MaskedImage pixels;
  pixels.image = Image<float>::uninitialised(detector.box);
  pixels.mask = Mask(Image<MaskPixel>::uninitialised(detector.box), Mask().planes());
  pixels.variance = Image<float>::uninitialised(detector.box);
  Exposure exposure(std::move(pixels));
  exposure.id = raw.id;
  exposure.detector = detector;
  exposure.visit_info = raw.visit_info;
  exposure.metadata = raw.metadata;
  if (!exposure.metadata.has("BUNIT"))
    exposure.metadata.set("BUNIT", std::string("adu"), "unit of the image");
  exposure.wcs = raw.wcs;
  return exposure;
}

Assembly::Assembly(RawExposure const& raw, Mask& frame)
    : bad_(frame.bit("BAD")), saturated_(frame.bit("SAT")), suspect_(frame.bit("SUSPECT")) {
  for (std::size_t i = 0; i < raw.channels.size(); ++i) {
    Amplifier const& amplifier = raw.amplifier(i);
    RawExposure::Channel const& channel = raw.channels[i];
    Source source;
    source.data = view_of(channel.image, amplifier.raw_data);
    source.mask = view_of(channel.mask.image(), amplifier.raw_data);
    if (!source.mask.empty())
      for (auto const& [plane, bit] : channel.mask.planes())
        source.planes.emplace_back(MaskPixel{1} << bit, frame.add_plane(plane));
    source.row.reversed = amplifier.flip_x;
    source.first_row = amplifier.raw_data.y0;
    source.flip_y = amplifier.flip_y;
    sources_.push_back(std::move(source));
  }
}

void Assembly::calibrate(std::size_t channel, std::vector<double> const& levels, int first,
                         double factor) {
  Source& source = sources_[channel];
  source.row.factor = static_cast<float>(factor);
  if (levels.empty()) return;
  int const skipped = source.first_row - first;  // levels of rows below the data
  if (skipped < 0 || skipped + source.data.height() > static_cast<int>(levels.size()))
    throw DataError("amplifier number " + std::to_string(channel) +
                    ": not every data row has an overscan level");
  source.levels.assign(levels.begin() + skipped, levels.begin() + skipped + source.data.height());
}

void Assembly::flag_saturation(std::size_t channel, double saturation, double suspect) {
  RowSource& row = sources_[channel].row;
  if (!std::isnan(saturation)) row.limits[0] = {static_cast<float>(saturation), saturated_};
  if (!std::isnan(suspect)) row.limits[1] = {static_cast<float>(suspect), suspect_};
}

void Assembly::mark_bad(std::size_t channel) {
  sources_[channel].row.always |= bad_;
}

RowSource Assembly::row(std::size_t channel, int y) const noexcept {
  Source const& source = sources_[channel];
  int const from = raw_row(source, y);
  RowSource row = source.row;
  row.raw = source.data.row(from).data();
  if (!source.levels.empty()) row.level = source.levels[static_cast<std::size_t>(from)];
  return row;
}

void Assembly::combine_mask(std::size_t channel, int y, std::span<MaskPixel> mask) const noexcept {
  Source const& source = sources_[channel];
  if (source.mask.empty()) return;
  std::span<MaskPixel const> const flags = source.mask.row(raw_row(source, y));
  for (std::size_t x = 0; x < flags.size(); ++x) {
    if (flags[x] == 0) continue;
    MaskPixel& pixel = mask[source.row.reversed ? flags.size() - 1 - x : x];
    for (auto const& [theirs, ours] : source.planes)
      if (flags[x] & theirs) pixel |= ours;
  }
}

}  // namespace isr

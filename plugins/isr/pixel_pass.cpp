#include "pixel_pass.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "almagest/error.hpp"

namespace isr {
using namespace almagest;

namespace {

std::string size_text(Box const& box) {
  return std::to_string(box.width) + " x " + std::to_string(box.height) + " pixels";
}

void require_size(Box const& box, Box const& frame, std::string const& name) {
  if (box.width != frame.width || box.height != frame.height)
    throw DataError("the " + name + " has " + size_text(box) + ", the exposure has " +
                    size_text(frame));
}

bool known(double gain) noexcept {
  return gain > 0.0 && std::isfinite(gain);
}

}  // namespace

PixelPass::PixelPass(MaskedImage& frame, Detector const& detector)
    : frame_(&frame),
      detector_(&detector),
      bad_(frame.mask.bit("BAD")),
      no_data_(frame.mask.bit("NO_DATA")) {
  require_size(frame.mask.bbox(), frame.bbox(), "exposure's mask");
  require_size(frame.variance.bbox(), frame.bbox(), "exposure's variance");
  // Asking for pixels to write makes them the frame's own, which is not for several threads.
  image_ = frame.image.pixels().data();
  variance_ = frame.variance.pixels().data();
  mask_ = frame.mask.image().pixels().data();
}

void PixelPass::assemble(Assembly const& assembly) {
  assembly_ = &assembly;
}

PixelPass::Step PixelPass::with(RowStep::Kind kind, MaskedImage const& calibration,
                                std::string const& name) {
  require_size(calibration.bbox(), frame_->bbox(), name);
  Step step{.kind = kind, .calibration = &calibration};
  if (!calibration.variance.empty()) {
    require_size(calibration.variance.bbox(), frame_->bbox(), name + "'s variance");
    step.with_variance = true;
  }
  if (!calibration.mask.image().empty()) {
    require_size(calibration.mask.bbox(), frame_->bbox(), name + "'s mask");
    for (auto const& [plane, bit] : calibration.mask.planes()) {
      MaskPixel const theirs = MaskPixel{1} << bit, ours = frame_->mask.add_plane(plane);
      if (theirs == ours)
        step.same_planes |= ours;
      else
        step.moved_planes.emplace_back(theirs, ours);
    }
  }
  return step;
}

void PixelPass::subtract(MaskedImage const& calibration, double scale, std::string const& name) {
  if (!std::isfinite(scale))
    throw DataError("the " + name + " cannot be scaled by " + std::to_string(scale));
  steps_.push_back(with(RowStep::Kind::subtract, calibration, name));
  steps_.back().scale = static_cast<float>(scale);
}

void PixelPass::set_variance(VarianceMode mode) {
  if (detector_->amplifiers.empty())
    throw DataError("detector '" + detector_->name +
                    "' has no amplifiers, whose gains and read noises the variance needs");
  bool const replace = mode == VarianceMode::replace;
  if (replace)
    for (Step& before : steps_) before.with_variance = false;
  steps_.push_back(
      {.kind = replace ? RowStep::Kind::replace_variance : RowStep::Kind::add_variance});
}

void PixelPass::divide(MaskedImage const& flat) {
  steps_.push_back(with(RowStep::Kind::divide, flat, "flat"));
}

void PixelPass::find_stretches(int y, std::vector<Stretch>& stretches) const {
  Box const& box = frame_->bbox();
  stretches.clear();
  for (std::size_t i = 0; i < detector_->amplifiers.size(); ++i) {
    Box const part = intersection(detector_->amplifiers[i].box, {box.x0, box.y0 + y, box.width, 1});
    if (!part.empty())
      stretches.push_back({part.x0 - box.x0, part.x0 - box.x0 + part.width, static_cast<int>(i)});
  }
  std::ranges::sort(stretches, {}, &Stretch::first);
  std::size_t const amplifiers = stretches.size();
  int end = 0;
  for (std::size_t i = 0; i <= amplifiers; ++i) {
    int const next = i < amplifiers ? stretches[i].first : box.width;
    if (next > end) stretches.push_back({end, next, -1});
    if (i < amplifiers) end = stretches[i].end;
  }
}

void PixelPass::set_row(Step const& step, Stretch const& stretch, int y, RowStep& row) const {
  row.kind = step.kind;
  if (MaskedImage const* const calibration = step.calibration) {
    row.image = calibration->image.row(y).data() + stretch.first;
    if (step.with_variance) row.variance = calibration->variance.row(y).data() + stretch.first;
    if (step.same_planes != 0) row.mask = calibration->mask.image().row(y).data() + stretch.first;
    row.planes = step.same_planes;
    row.scale = step.scale;
    return;
  }
  row.kind = RowStep::Kind::no_variance;
  if (stretch.amplifier < 0) return;
  Amplifier const& amplifier = detector_->amplifiers[static_cast<std::size_t>(stretch.amplifier)];
  if (!known(amplifier.gain)) return;
  row.kind = step.kind;
  double const read_noise = amplifier.read_noise / amplifier.gain;
  row.gain = static_cast<float>(amplifier.gain);
  row.read_variance = static_cast<float>(read_noise * read_noise);
}

void PixelPass::run_stretch(Stretch const& stretch, int y, std::vector<RowStep>& row_steps) const {
  Box const& box = frame_->bbox();
  std::size_t const at = static_cast<std::size_t>(y) * static_cast<std::size_t>(box.width) +
                         static_cast<std::size_t>(stretch.first);
  auto const size = static_cast<std::size_t>(stretch.end - stretch.first);
  RowPixels const pixels{{image_ + at, size}, {variance_ + at, size}, {mask_ + at, size}};
  row_steps.clear();
  for (Step const& step : steps_) {
    set_row(step, stretch, y, row_steps.emplace_back());
  }
  if (!assembly_) return run_steps(nullptr, row_steps, bad_, pixels);
  if (stretch.amplifier < 0) {
    std::ranges::fill(pixels.image, 0.0F);
    std::ranges::fill(pixels.variance, 0.0F);
    std::ranges::fill(pixels.mask, no_data_);
    return run_steps(nullptr, row_steps, bad_, pixels);
  }
  auto const channel = static_cast<std::size_t>(stretch.amplifier);
  int const row = y + box.y0 - detector_->amplifiers[channel].box.y0;
  RowSource const source = assembly_->row(channel, row);
  run_steps(&source, row_steps, bad_, pixels);
  assembly_->combine_mask(channel, row, pixels.mask);
}

void PixelPass::combine_moved_planes(int y) const {
  auto const width = static_cast<std::size_t>(frame_->bbox().width);
  MaskPixel* const mask = mask_ + static_cast<std::size_t>(y) * width;
  for (Step const& step : steps_) {
    if (step.moved_planes.empty()) continue;
    std::span<MaskPixel const> const flags = step.calibration->mask.image().row(y);
    for (std::size_t x = 0; x < width; ++x)
      for (auto const& [theirs, ours] : step.moved_planes)
        if (flags[x] & theirs) mask[x] |= ours;
  }
}

void PixelPass::run(int first, int end) const {
  std::vector<Stretch> stretches;
  std::vector<RowStep> row_steps;
  for (int y = first; y < end; ++y) {
    find_stretches(y, stretches);
    for (Stretch const& stretch : stretches) run_stretch(stretch, y, row_steps);
    combine_moved_planes(y);
  }
}

}  // namespace isr

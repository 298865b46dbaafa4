#include "combine.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/instrument.hpp"
#include "almagest/statistics.hpp"
#include "almagest/text.hpp"

#include "combined_header.hpp"
#include "members.hpp"
#include "stack.hpp"

namespace calibs {
namespace {
using namespace almagest;

constexpr std::size_t enough_for_scatter = 5;  // with fewer frames their own variances count
constexpr std::size_t rows_at_a_time = 16;     // of one thread

/// A group's data ID in the instrument's own keys, which calibrations are looked up by.
DataId in_keys(DataId const& id, Instrument const& instrument) {
  DataId mapped;
  for (auto const& [name, value] : id.items()) {
    std::string const key = instrument.role(name);
    mapped.set(key.empty() ? name : key, value);
  }
  return mapped;
}

/// Bits of the planes that this mask has: a plane may be in some frames only.
MaskPixel bits_of(Mask const& mask, std::vector<std::string> const& planes) {
  MaskPixel bits = 0;
  for (std::string const& plane : planes)
    if (mask.has(plane)) bits |= mask.bit(plane);
  return bits;
}

std::string unit_of(Exposure const& frame) {
  Value const* const unit = frame.metadata.find("BUNIT");
  return unit ? to_string(*unit) : "adu";
}

/// The unit of frames that were divided by what `scale` says.
std::string scaled_unit(std::string const& unit, std::string const& scale) {
  if (scale == "dark_time") return unit.empty() ? "s-1" : unit + "/s";
  return scale == "level" ? "" : unit;
}

/// The median of the finite values. \throws DataError when there is none
double finite_median(Image<float> const& image, char const* what) {
  std::vector<float> values;
  values.reserve(image.pixels().size());
  for (float const value : image.pixels())
    if (std::isfinite(value)) values.push_back(value);
  if (values.empty()) throw DataError(std::string("no pixel has ") + what);
  return quantile(std::span(values), 0.5);
}

/// Pixels without a value become BAD and get the median; a variance that is not known is that of a
/// single frame's pixel. \returns how many pixels are BAD
std::int64_t complete(MaskedImage& pixels, double median, std::size_t frames) {
  MaskPixel const bad = pixels.mask.bit("BAD");
  auto const image = pixels.image.pixels();
  auto const variance = pixels.variance.pixels();
  auto const mask = pixels.mask.image().pixels();
  bool const unknown =
      std::ranges::any_of(variance, [](float value) { return !std::isfinite(value); });
  float single = 0.0F;
  if (unknown && std::ranges::any_of(variance, [](float value) { return std::isfinite(value); }))
    single = static_cast<float>(finite_median(pixels.variance, "a variance") *
                                static_cast<double>(frames));
  std::int64_t count = 0;
  for (std::size_t i = 0; i < image.size(); ++i) {
    if (!std::isfinite(variance[i])) variance[i] = single;
    if (std::isfinite(image[i])) continue;
    image[i] = static_cast<float>(median);
    mask[i] |= bad;
    ++count;
  }
  return count;
}

}  // namespace

double Combine::scale_of(Exposure const& frame, DataId const& id,
                         FlatLevelTable const* levels) const {
  if (*scale == "none") return 1.0;
  if (*scale == "dark_time") {
    double const time = frame.visit_info.dark_time_s;
    if (!(time > 0.0) || !std::isfinite(time))
      throw DataError(id.str() +
                      ": its dark time is not known, or not positive: " + fixed(time, 3) + " s");
    return time;
  }
  if (!levels) return level_of(frame, id);
  FlatLevelTable::Row const* const row = levels->find(id);
  if (!row)
    throw DataError(id.str() + ": not among the " + counted(levels->rows.size(), "flat") +
                    " of flat_levels; make them again");
  if (!(row->exposure > 0.0))
    throw DataError(id.str() + ": flat_levels gives its exposure the level " +
                    fixed(row->exposure, 3));
  return row->exposure;
}

/// What the frames are divided by, as the log says it.
std::string Combine::scales_text(FlatLevelTable const* levels) const {
  if (*scale == "none") return "";
  if (*scale == "dark_time") return " per second of dark time";
  return levels ? ", divided by the levels of their exposures (flat_levels)"
                : ", each divided by its own level";
}

/// What the headers say of the frames. \throws DataError when a frame is of another detector or
/// size
std::vector<Combine::Input> Combine::inputs(std::vector<Gathered<Exposure>> const& members,
                                            Exposure const& first,
                                            FlatLevelTable const* levels) const {
  Box const& box = first.bbox();
  std::vector<Input> inputs;
  for (auto const& member : members) {
    Exposure const frame = member.get(Box{box.x1(), box.y1(), 1, 1});  // the last pixel
    Detector const& detector = frame.detector;
    if (detector.id != first.detector.id || detector.name != first.detector.name ||
        detector.box != first.detector.box)
      throw DataError(member.id().str() + ": its detector is " + detector.name + " (" +
                      std::to_string(detector.id) + "), that of " + members.front().id().str() +
                      " is " + first.detector.name + " (" + std::to_string(first.detector.id) +
                      "): only frames of one detector can be combined");
    if (unit_of(frame) != unit_of(first))
      throw DataError(member.id().str() + ": its unit is '" + unit_of(frame) + "', that of " +
                      members.front().id().str() + " is '" + unit_of(first) + "'");
    inputs.push_back({member, frame.visit_info, scale_of(frame, member.id(), levels)});
  }
  return inputs;
}

/// Reads as many rows of all frames as fit into memory, combines them, and so on.
void Combine::combine_pixels(Exposure& combined, std::vector<Input> const& inputs,
                             Context& context) const {
  Box const box = combined.bbox();
  bool const with_variances = inputs.size() < enough_for_scatter;
  constexpr std::size_t bytes_per_megabyte = 1'000'000;
  std::size_t const fitting = static_cast<std::size_t>(*memory) * bytes_per_megabyte /
                              Stack::bytes_per_row(inputs.size(), box.width, with_variances);
  int const rows =
      static_cast<int>(std::clamp<std::size_t>(fitting, 1, static_cast<std::size_t>(box.height)));
  Stack stack(inputs.size(), box.width, rows, with_variances);
  ClippedMean const clipped_mean(inputs.size(), {*clip, *iterations});
  Image<float>& image = combined.image();
  Image<float>& variance = combined.variance();
  float* const image_pixels = image.pixels().data();  // made writable once, by this thread
  float* const variance_pixels = variance.pixels().data();
  auto const width = static_cast<std::size_t>(box.width);

  for (int y0 = 0; y0 < box.height; y0 += rows) {
    if (context.stop().stop_requested()) throw DataError("the run was cancelled");
    Box const part{box.x0, box.y0 + y0, box.width, std::min(rows, box.height - y0)};
    context.parallel_for(inputs.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        Exposure const frame = inputs[i].frame.get(part);
        stack.put(i, frame.masked_image(), inputs[i].scale, bits_of(frame.mask(), *ignore),
                  bits_of(frame.mask(), *passing));
      }
    });
    context.parallel_for(static_cast<std::size_t>(part.height), rows_at_a_time,
                         [&](std::size_t begin, std::size_t end) {
                           for (std::size_t y = begin; y < end; ++y) {
                             std::size_t const at = (static_cast<std::size_t>(y0) + y) * width;
                             stack.combine(static_cast<int>(y), clipped_mean,
                                           {image_pixels + at, width},
                                           {variance_pixels + at, width});
                           }
                         });
  }
}

Outcome Combine::run(Context& context) const {
  auto const members = members_that_are_there(context.get(frames), context.log());
  if (members.size() < static_cast<std::size_t>(*min_inputs))
    throw DataError(counted(members.size(), "frame") + " to combine, " +
                    std::to_string(*min_inputs) + " needed (min_inputs)");

  FlatLevelTable const* const levels = context.get(flat_levels);
  Exposure combined;
  std::vector<Input> frames_in;
  {
    Exposure const first = members.front().get();
    for (std::string const& plane : *ignore)
      if (!first.mask().has(plane))
        context.log().warning("'" + plane + "' (ignore) is no mask plane of " +
                              members.front().id().str());
    frames_in = inputs(members, first, levels);
    MaskedImage pixels;
    pixels.image = Image<float>::uninitialised(first.bbox());
    pixels.variance = Image<float>::uninitialised(first.bbox());
    pixels.mask = Mask(first.bbox());
    combined = Exposure(std::move(pixels));
    combined.detector = first.detector;
    combined.metadata.set("BUNIT", scaled_unit(unit_of(first), *scale), "unit of the pixels");
  }
  combined.id = in_keys(context.id(), context.instrument());
  combine_pixels(combined, frames_in, context);

  double const typical = finite_median(combined.image(), "a value in any frame");
  std::int64_t const bad = complete(combined.masked_image(), typical, members.size());
  std::vector<CombinedInput> listed;
  listed.reserve(frames_in.size());
  for (Input const& input : frames_in)
    listed.push_back({input.frame.id(), input.visit, input.scale});
  describe_combination(combined, listed, {*validity_days, *calib_date == "first"}, context.log());
  if (*scale == "dark_time") combined.visit_info.dark_time_s = 1.0;  // card DARKTIME, for isr/dark

  context.record(input_count, static_cast<std::int64_t>(members.size()));
  context.record(median, typical);
  context.record(bad_pixels, bad);
  context.log().info(counted(members.size(), "frame") + " combined" + scales_text(levels) +
                     ": median " + fixed(typical, 4) + ", " +
                     counted(static_cast<std::size_t>(bad), "bad pixel"));
  context.put(output, std::move(combined));
  return done;
}

}  // namespace calibs

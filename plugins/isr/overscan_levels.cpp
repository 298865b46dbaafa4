#include "overscan_levels.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "almagest/error.hpp"

#include "channels.hpp"
#include "row_arithmetic.hpp"

namespace isr {
namespace {
using namespace almagest;

/// The part of an overscan that is measured.
Box measured_box(RawExposure const& raw, std::size_t channel, OverscanMethod const& method) {
  bool const rows = method.lines == Lines::rows;
  std::string const kind = rows ? "serial" : "parallel";
  Amplifier const& amplifier = raw.amplifier(channel);
  Box const image{0, 0, raw.channels[channel].image.width(), raw.channels[channel].image.height()};
  Box const &data = amplifier.raw_data, &parallel = amplifier.raw_parallel_overscan;
  Box box = rows ? amplifier.raw_serial_overscan : parallel;
  if (box.empty())
    throw DataError("amplifier '" + amplifier.name + "' has no " + kind +
                    " overscan: the camera's description gives it none");
  if (!image.contains(box))
    throw DataError("amplifier '" + amplifier.name + "': its " + kind +
                    " overscan is not inside the raw image of " + std::to_string(image.width) +
                    " x " + std::to_string(image.height) + " pixels");
  int& first = rows ? box.x0 : box.y0;
  int& size = rows ? box.width : box.height;
  int const before = size;
  // An amplifier that is read from the other side has its overscan before the data.
  bool const beyond_data = rows ? box.x0 > data.x0 : box.y0 > data.y0;
  first += beyond_data ? method.skip_leading : method.skip_trailing;
  size -= method.skip_leading + method.skip_trailing;
  if (box.empty())
    throw DataError("amplifier '" + amplifier.name +
                    "': skip_leading = " + std::to_string(method.skip_leading) +
                    " and skip_trailing = " + std::to_string(method.skip_trailing) +
                    " leave nothing of its " + kind + " overscan of " + std::to_string(before) +
                    " pixels");
  if (rows && method.spline_bins == 0 && !parallel.empty())
    box = intersection(Box::from_corners(box.x0, std::min(box.y0, parallel.y0), box.x1(),
                                         std::max(box.y1(), parallel.y1())),
                       image);
  return box;
}

/// Lines of the measured box that have a saturated pixel, there or in the data.
std::vector<bool> saturated_lines(Mask const& mask, Box const& measured, Box const& data,
                                  Lines lines) {
  bool const rows = lines == Lines::rows;
  std::vector<bool> flagged(static_cast<std::size_t>(rows ? measured.height : measured.width));
  if (mask.image().empty()) return flagged;
  Box const both =
      Box::from_corners(std::min(measured.x0, data.x0), std::min(measured.y0, data.y0),
                        std::max(measured.x1(), data.x1()), std::max(measured.y1(), data.y1()));
  Box const part = rows ? Box{both.x0, measured.y0, both.width, measured.height}
                        : Box{measured.x0, both.y0, measured.width, both.height};
  MaskPixel const bit = mask.bit("SAT");
  auto const pixels = view_of(mask.image(), part);
  for (int y = 0; y < part.height; ++y)
    for (std::size_t x = 0; x < pixels.row(y).size(); ++x)
      if (pixels.row(y)[x] & bit) flagged[rows ? static_cast<std::size_t>(y) : x] = true;
  return flagged;
}

}  // namespace

OverscanLevels measure_overscan(RawExposure const& raw, std::size_t channel,
                                OverscanMethod const& method, double limit) {
  RawExposure::Channel const& pixels = raw.channels[channel];
  Box const box = measured_box(raw, channel, method);
  SortedLines const lines(
      view_of(pixels.image, box),
      {view_of(pixels.mask.image(), box), pixels.mask.bits({"BAD", "SAT"}), limit}, method.lines);
  LineLevels measured = line_levels(lines, method.average, method.rejection);
  if (method.grow_bad > 0) leave_out(measured.levels, measured.poor, method.grow_bad);
  if (method.grow_saturated >= 0)
    leave_out(measured.levels,
              saturated_lines(pixels.mask, box, raw.amplifier(channel).raw_data, method.lines),
              method.grow_saturated);

  OverscanLevels found{method.lines == Lines::rows ? box.y0 : box.x0, {}, measured.noise};
  if (!fill_gaps(measured.levels)) return found;
  if (method.largest_jump > 0.0) smooth_jumps(measured.levels, method.largest_jump);
  if (method.spline_bins == 0)
    found.levels = std::move(measured.levels);
  else if (auto smooth = spline_through_bins(measured.levels, method.spline_bins))
    found.levels = std::move(*smooth);
  return found;
}

void subtract_overscan(OverscanLevels const& found, Lines lines, Image<float>& image) {
  if (lines == Lines::rows) {
    for (std::size_t i = 0; i < found.levels.size(); ++i)
      subtract(image.row(found.first + static_cast<int>(i)), static_cast<float>(found.levels[i]));
    return;
  }
  std::vector<float> const levels(found.levels.begin(), found.levels.end());
  for (int y = 0; y < image.height(); ++y)
    subtract(image.row(y).subspan(static_cast<std::size_t>(found.first), levels.size()), levels);
}

}  // namespace isr

#include "mesh_background.hpp"

#include <cstddef>
#include <optional>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/mask.hpp"
#include "almagest/statistics.hpp"
#include "almagest/text.hpp"

#include "mesh.hpp"

namespace background {
namespace {
using namespace almagest;

/// The sky of each cell that has at least two usable pixels.
std::vector<CellLevel> measure_cells(Exposure const& exposure, std::vector<Box> const& boxes,
                                     MaskPixel ignored, Context& context) {
  std::vector<std::optional<CellLevel>> measured(boxes.size());
  context.parallel_for(boxes.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      try {
        measured[i] = CellLevel{
            boxes[i], clipped_statistics(exposure.image(), exposure.mask(), ignored, boxes[i])};
      } catch (MeasurementError const&) {
        // Every pixel is ignored: the other cells tell the sky here.
      }
    }
  });
  std::vector<CellLevel> cells;
  for (auto const& cell : measured)
    if (cell && cell->sky.count > 1) cells.push_back(*cell);
  return cells;
}

/// The points of an even grid over a frame, each in the middle of its part.
std::vector<Point> sky_grid(Box const& frame) {
  constexpr int along = 64;  // of which a smooth sky's mean comes out to 1e-4 of its range
  std::vector<Point> points;
  points.reserve(std::size_t{along} * along);
  for (int j = 0; j < along; ++j)
    for (int i = 0; i < along; ++i)
      points.push_back({frame.x0 - 0.5 + frame.width * (i + 0.5) / along,
                        frame.y0 - 0.5 + frame.height * (j + 0.5) / along});
  return points;
}

struct SkyMoments {
  double mean = 0.0;
  double variance = 0.0;  ///< about the mean
};

SkyMoments moments_over(std::vector<Point> const& points, Background const& sky) {
  double const count = static_cast<double>(points.size());
  SkyMoments moments;
  for (Point const point : points) moments.mean += sky(point) / count;
  for (Point const point : points) {
    double const deviation = sky(point) - moments.mean;
    moments.variance += deviation * deviation / count;
  }
  return moments;
}

double median_scatter(std::vector<CellLevel> const& cells) {
  std::vector<float> scatters;
  for (CellLevel const& cell : cells) scatters.push_back(static_cast<float>(cell.sky.scatter));
  return quantile(scatters, 0.5);
}

/// Empties planes; a mask without any of their bits is left alone, and so is not copied.
void clear_bits(Mask& mask, MaskPixel bits) {
  MaskPixel present = 0;
  for (MaskPixel const pixel : std::as_const(mask).image().pixels()) present |= pixel;
  if ((present & bits) == 0) return;
  for (MaskPixel& pixel : mask.image().pixels()) pixel &= ~bits;
}

std::string joined(std::vector<std::string> const& names) {
  std::string text;
  for (std::string const& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

// Science document, section 2.1.
Outcome MeshBackground::run(Context& context) const {
  Exposure exposure = context.take(input);
  std::vector<Box> const boxes = mesh_cells(exposure.bbox(), *bin_size);
  std::vector<CellLevel> const cells =
      measure_cells(exposure, boxes, exposure.mask().bits(*ignore), context);
  if (cells.empty())
    throw DataError("no sky can be measured: every pixel is NaN or has one of " + joined(*ignore));

  Chebyshev2 const model =
      fit_mesh(exposure.bbox(), *bin_size, *order, weight_of_name(*weight), cells);
  model.subtract_from(exposure.image());
  clear_bits(exposure.mask(), exposure.mask().bits(*clear));

  Background all;
  if (Background const* const before = context.get(earlier)) all = *before;
  all.models.push_back(model);

  std::vector<Point> const points = sky_grid(exposure.bbox());
  SkyMoments const total = moments_over(points, all);
  double const step = moments_over(points, Background{{model}}).mean;
  exposure.metadata.set("BGMEAN", total.mean, "[adu] mean of the subtracted sky");
  exposure.metadata.set("BGVAR", total.variance, "[adu2] variance of the subtracted sky");
  context.record(sky_level, total.mean);
  context.record(sky_step, step);
  context.record(sky_scatter, median_scatter(cells));
  context.log().info("sky " + fixed(total.mean, 4) + " adu (" + fixed(step, 4) +
                     " in this step), " + std::to_string(cells.size()) + " of " +
                     counted(boxes.size(), "cell") + ", order " + std::to_string(model.order_x()));
  context.put(output, std::move(exposure));
  context.put(models, std::move(all));
  return done;
}

}  // namespace background

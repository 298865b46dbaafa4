#include "mesh_background.hpp"

#include <cstddef>
#include <optional>
#include <utility>

#include "almagest/error.hpp"
#include "almagest/mask.hpp"
#include "almagest/statistics.hpp"

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

double mean_over(std::vector<CellLevel> const& cells, Background const& sky) {
  double sum = 0.0;
  for (CellLevel const& cell : cells)
    sum +=
        sky({cell.box.x0 + 0.5 * (cell.box.width - 1), cell.box.y0 + 0.5 * (cell.box.height - 1)});
  return sum / static_cast<double>(cells.size());
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

  double const level = mean_over(cells, all);
  double const step = mean_over(cells, Background{{model}});
  context.record(sky_level, level);
  context.record(sky_step, step);
  context.record(sky_scatter, median_scatter(cells));
  context.log().info("sky " + std::to_string(level) + " adu (" + std::to_string(step) +
                     " in this step), " + std::to_string(cells.size()) + " of " +
                     std::to_string(boxes.size()) + " cells, order " +
                     std::to_string(model.order_x()));
  context.put(output, std::move(exposure));
  context.put(models, std::move(all));
  return done;
}

}  // namespace background

#include "mesh.hpp"

#include <algorithm>
#include <cstdint>

#include "almagest/error.hpp"

namespace background {
namespace {
using almagest::Box;
using almagest::Chebyshev2;

int cells_along(int size, int bin_size) {
  return size / bin_size + 1;
}

/// Where cell i begins, counted from the image's side.
int edge(int i, int size, int cells) {
  return static_cast<int>((std::int64_t{i} * size + cells / 2) / cells);
}

double weight_of(CellLevel const& cell, Weight weight) {
  double const error = cell.sky.mean_error;
  switch (weight) {
    case Weight::inverse_variance:
      return 1.0 / (error * error);
    case Weight::inverse_error:
      return 1.0 / error;
    case Weight::uniform:
      break;
  }
  return 1.0;
}

}  // namespace

std::vector<Box> mesh_cells(Box const& image, int bin_size) {
  int const columns = cells_along(image.width, bin_size);
  int const rows = cells_along(image.height, bin_size);
  std::vector<Box> cells;
  cells.reserve(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows));
  for (int j = 0; j < rows; ++j) {
    int const y0 = edge(j, image.height, rows), y1 = edge(j + 1, image.height, rows);
    for (int i = 0; i < columns; ++i) {
      int const x0 = edge(i, image.width, columns), x1 = edge(i + 1, image.width, columns);
      cells.push_back({image.x0 + x0, image.y0 + y0, x1 - x0, y1 - y0});
    }
  }
  return cells;
}

Weight weight_of_name(std::string const& name) {
  if (name == "uniform") return Weight::uniform;
  if (name == "inverse_variance") return Weight::inverse_variance;
  if (name == "inverse_error") return Weight::inverse_error;
  throw almagest::ConfigError("no weight '" + name +
                              "': expected 'uniform', 'inverse_variance' or 'inverse_error'");
}

Chebyshev2 fit_mesh(Box const& image, int bin_size, int order, Weight weight,
                    std::span<CellLevel const> cells) {
  bool const errors_known = std::all_of(
      cells.begin(), cells.end(), [](CellLevel const& cell) { return cell.sky.mean_error > 0.0; });
  std::vector<Chebyshev2::Sample> samples;
  samples.reserve(cells.size());
  for (CellLevel const& cell : cells) {
    double const weight_here = errors_known ? weight_of(cell, weight) : 1.0;
    samples.push_back({almagest::centre_of(cell.box), cell.sky.mean, weight_here});
  }

  int const shorter =
      std::min(cells_along(image.width, bin_size), cells_along(image.height, bin_size));
  for (int p = std::min(order, shorter - 1);; --p) {
    try {
      return Chebyshev2::fit(image, p, samples);
    } catch (almagest::DataError const&) {
      if (p == 0) throw;  // the cells that are left do not determine this order
    }
  }
}

}  // namespace background

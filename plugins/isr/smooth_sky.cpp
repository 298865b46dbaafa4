#include "smooth_sky.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include <Eigen/Dense>

#include "almagest/error.hpp"
#include "almagest/statistics.hpp"

namespace isr {
namespace {
using namespace almagest;

struct Cell {
  std::size_t amplifier;
  Point centre;
  double level;
  double scatter;
};

/// Part i of n equal parts of a length.
struct Part {
  int begin, length;
};
Part part_of(int length, int i, int n) noexcept {
  int const begin = i * length / n;
  return {begin, (i + 1) * length / n - begin};
}

std::vector<Cell> measure_cells(Image<float> const& image, Mask const& mask, MaskPixel ignored,
                                Detector const& detector, int size) {
  std::vector<Cell> cells;
  for (std::size_t a = 0; a < detector.amplifiers.size(); ++a) {
    Box const& box = detector.amplifiers[a].box;
    int const columns = std::max(1, box.width / size), rows = std::max(1, box.height / size);
    for (int j = 0; j < rows; ++j)
      for (int i = 0; i < columns; ++i) {
        Part const x = part_of(box.width, i, columns), y = part_of(box.height, j, rows);
        Box const cell{box.x0 + x.begin, box.y0 + y.begin, x.length, y.length};
        try {
          ClippedStatistics const sky = clipped_statistics(image, mask, ignored, cell);
          if (2 * sky.count >= cell.area())
            cells.push_back({a, centre_of(cell), sky.mean, sky.scatter});
        } catch (MeasurementError const&) {
          // Every pixel is ignored.
        }
      }
  }
  if (cells.empty())
    throw DataError("no sky can be measured in any amplifier of detector '" + detector.name + "'");
  return cells;
}

/// Terms of a Chebyshev series with i + j ≤ order, but the constant.
int term_count(int order) noexcept {
  return (order + 1) * (order + 2) / 2 - 1;
}

double scaled(double v, int v0, int length) noexcept {
  return (2.0 * (v - v0) + 1.0) / length - 1.0;
}

/// T_0 … T_order at t.
std::vector<double> chebyshev(double t, int order) {
  std::vector<double> values(static_cast<std::size_t>(order) + 1, 1.0);
  if (order > 0) values[1] = t;
  for (std::size_t i = 2; i < values.size(); ++i)
    values[i] = 2.0 * t * values[i - 1] - values[i - 2];
  return values;
}

/// The highest order that cells tell apart from the levels: along an axis there must be two places
/// of cells for each power, after one for each amplifier.
int order_along(std::vector<Cell> const& cells, Detector const& detector, double Point::*axis,
                int Box::*begin) {
  std::set<double> places;
  std::set<int> amplifiers;
  for (Cell const& c : cells) places.insert(c.centre.*axis);
  for (Amplifier const& amplifier : detector.amplifiers) amplifiers.insert(amplifier.box.*begin);
  return std::max(0, (static_cast<int>(places.size()) - static_cast<int>(amplifiers.size())) / 2);
}

double median(std::vector<double> values) {
  return quantile(values, 0.5);
}

}  // namespace

SkyAndLevels fit_sky_and_levels(Image<float> const& image, Mask const& mask, MaskPixel ignored,
                                Detector const& detector, int cell, int order) {
  std::vector<Cell> const cells = measure_cells(image, mask, ignored, detector, cell);
  auto const amplifiers = static_cast<int>(detector.amplifiers.size());
  order = std::min({order, order_along(cells, detector, &Point::x, &Box::x0),
                    order_along(cells, detector, &Point::y, &Box::y0)});

  Box const box = image.bbox();
  auto const rows = static_cast<Eigen::Index>(cells.size());
  Eigen::MatrixXd design = Eigen::MatrixXd::Zero(rows, amplifiers + term_count(order));
  Eigen::VectorXd right(rows);
  for (Eigen::Index row = 0; row < rows; ++row) {
    Cell const& c = cells[static_cast<std::size_t>(row)];
    auto const tx = chebyshev(scaled(c.centre.x, box.x0, box.width), order);
    auto const ty = chebyshev(scaled(c.centre.y, box.y0, box.height), order);
    design(row, static_cast<Eigen::Index>(c.amplifier)) = 1.0;
    Eigen::Index column = amplifiers;
    for (int i = 0; i <= order; ++i)
      for (int j = 0; i + j <= order; ++j)
        if (i + j > 0)
          design(row, column++) = tx[static_cast<std::size_t>(i)] * ty[static_cast<std::size_t>(j)];
    right(row) = c.level;
  }
  Eigen::VectorXd const solution = design.completeOrthogonalDecomposition().solve(right);

  SkyAndLevels result;
  result.levels.assign(detector.amplifiers.size(), std::numeric_limits<double>::quiet_NaN());
  for (Cell const& c : cells)
    result.levels[c.amplifier] = solution(static_cast<Eigen::Index>(c.amplifier));
  std::vector<double> coefficients(static_cast<std::size_t>((order + 1) * (order + 1)), 0.0);
  Eigen::Index column = amplifiers;
  for (int i = 0; i <= order; ++i)
    for (int j = 0; i + j <= order; ++j)
      if (i + j > 0)
        coefficients[static_cast<std::size_t>(i * (order + 1) + j)] = solution(column++);
  result.sky = Chebyshev2(box, order, order, std::move(coefficients));
  std::vector<double> scatters;
  for (Cell const& c : cells) scatters.push_back(c.scatter);
  result.noise = median(std::move(scatters));
  return result;
}

}  // namespace isr

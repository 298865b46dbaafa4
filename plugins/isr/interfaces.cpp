#include "interfaces.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Dense>

#include "almagest/statistics.hpp"

namespace isr {
namespace {
using namespace almagest;

Box transposed(Box const& box) noexcept {
  return {box.y0, box.x0, box.height, box.width};
}

/// The interface at the right edge of `left`, if `right` begins there.
std::optional<Interface> interface_between(Box const& left, Box const& right, int width,
                                           int inset) {
  if (left.x1() + 1 != right.x0) return std::nullopt;
  int const y0 = std::max(left.y0, right.y0);
  int const height = std::min(left.y1(), right.y1()) - y0 + 1;
  int const strip = std::min({width, left.width - inset, right.width - inset});
  if (height <= 0 || strip <= 0) return std::nullopt;
  Interface found;
  found.first_strip = {right.x0 - inset - strip, y0, strip, height};
  found.second_strip = {right.x0 + inset, y0, strip, height};
  return found;
}

/// Mean of a strip's usable pixels in one line across the interface; NaN with less than half.
double line_mean(Image<float> const& pixels, Box const& strip, bool side_by_side, int line) {
  int const n = side_by_side ? strip.width : strip.height;
  double sum = 0.0;
  int count = 0;
  for (int i = 0; i < n; ++i) {
    float const v = side_by_side ? pixels.at({strip.x0 + i, strip.y0 + line})
                                 : pixels.at({strip.x0 + line, strip.y0 + i});
    if (!std::isfinite(v)) continue;
    sum += v;
    ++count;
  }
  return 2 * count >= n ? sum / count : std::numeric_limits<double>::quiet_NaN();
}

/// Means over a window of so many values around each; NaN values do not count.
std::vector<float> smoothed(std::vector<double> const& values, int window) {
  auto const n = static_cast<int>(values.size());
  std::vector<double> sums(values.size() + 1), counts(values.size() + 1);
  for (std::size_t i = 0; i < values.size(); ++i) {
    bool const good = std::isfinite(values[i]);
    sums[i + 1] = sums[i] + (good ? values[i] : 0.0);
    counts[i + 1] = counts[i] + (good ? 1.0 : 0.0);
  }
  std::vector<float> means;
  for (int i = 0; i < n; ++i) {
    auto const begin = static_cast<std::size_t>(std::max(0, i - window / 2));
    auto const end = static_cast<std::size_t>(std::min(n, i - window / 2 + window));
    double const count = counts[end] - counts[begin];
    if (count > 0.0) means.push_back(static_cast<float>((sums[end] - sums[begin]) / count));
  }
  return means;
}

}  // namespace

std::vector<Interface> find_interfaces(Detector const& detector, int width, int inset) {
  std::vector<Interface> interfaces;
  auto const& amplifiers = detector.amplifiers;
  for (std::size_t a = 0; a < amplifiers.size(); ++a)
    for (std::size_t b = 0; b < amplifiers.size(); ++b) {
      Box const& first = amplifiers[a].box;
      Box const& second = amplifiers[b].box;
      if (auto beside = interface_between(first, second, width, inset)) {
        beside->first = a;
        beside->second = b;
        interfaces.push_back(*beside);
      }
      if (auto over = interface_between(transposed(first), transposed(second), width, inset)) {
        over->first = a;
        over->second = b;
        over->side_by_side = false;
        over->first_strip = transposed(over->first_strip);
        over->second_strip = transposed(over->second_strip);
        interfaces.push_back(*over);
      }
    }
  return interfaces;
}

std::optional<double> interface_step(Image<float> const& pixels, Interface const& interface,
                                     double window, double min_good) {
  std::vector<double> steps;
  int good = 0;
  for (int line = 0; line < interface.length(); ++line) {
    double const step = line_mean(pixels, interface.second_strip, interface.side_by_side, line) -
                        line_mean(pixels, interface.first_strip, interface.side_by_side, line);
    steps.push_back(step);
    good += std::isfinite(step) ? 1 : 0;
  }
  if (good == 0 || good < min_good * interface.length()) return std::nullopt;
  int const lines = std::max(1, static_cast<int>(std::lround(window * interface.length())));
  std::vector<float> means = smoothed(steps, lines);
  return clipped_statistics(means).mean;
}

std::vector<double> pedestals(std::size_t amplifiers, std::span<InterfaceStep const> steps) {
  if (steps.empty()) return std::vector<double>(amplifiers, 0.0);
  auto const rows = static_cast<Eigen::Index>(steps.size());
  Eigen::MatrixXd design = Eigen::MatrixXd::Zero(rows, static_cast<Eigen::Index>(amplifiers));
  Eigen::VectorXd right(rows);
  for (Eigen::Index row = 0; row < rows; ++row) {
    InterfaceStep const& s = steps[static_cast<std::size_t>(row)];
    double const weight = std::sqrt(static_cast<double>(s.interface.length()));
    design(row, static_cast<Eigen::Index>(s.interface.first)) = -weight;
    design(row, static_cast<Eigen::Index>(s.interface.second)) = weight;
    right(row) = weight * s.step;
  }
  // Of all solutions the shortest: that is the one of mean 0.
  Eigen::VectorXd const solution = design.completeOrthogonalDecomposition().solve(right);
  return {solution.begin(), solution.end()};
}

}  // namespace isr

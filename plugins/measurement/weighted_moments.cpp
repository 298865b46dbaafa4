#include "weighted_moments.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "box_around.hpp"
#include "pair.hpp"

namespace measurement {
namespace {
using almagest::Box;
using almagest::Image;
using almagest::Point;
using almagest::Quadrupole;

constexpr double exponent_limit = 14.0;
constexpr double subpixel_exponent_limit = 9.0;
constexpr double smallest_determinant = std::numeric_limits<float>::epsilon();
constexpr std::array<double, 4> subpixel_offsets{-0.375, -0.125, 0.125, 0.375};
constexpr double subpixel_variance = 5.0 / 64.0;  // of the four offsets

double quadratic_form(Quadrupole const& w, double x, double y) noexcept {
  return w.xx * x * x + w.yy * y * y + 2.0 * w.xy * x * y;
}

/// Light of two neighbouring pixels, and its first and second moments along x.
struct RowSums {
  Pair flux{}, first{}, second{};
  void add(Pair light, Pair x) noexcept {
    flux += light;
    first += light * x;
    second += light * x * x;
  }
  void add_to(WeightedSums& sums, double y) const noexcept {
    double const light = total(flux), light_x = total(first);
    sums.flux += light;
    sums.x += light_x;
    sums.y += light * y;
    sums.moments.xx += total(second);
    sums.moments.yy += light * y * y;
    sums.moments.xy += light_x * y;
  }
};

/// One row of weighted_sums(): first pixel at (x, y) from the centre.
///
/// The weight needs four exponentials a row: every second pixel it changes by a factor that itself
/// changes by the constant factor exp(−4 Wxx).
/// \param factor_step  exp(−4 Wxx)
template <bool checked>
void add_row(std::span<float const> row, double x, double y, Quadrupole const& w,
             double factor_step, WeightedSums& sums) {
  // Only where E ≤ 14: between the roots of Wxx x² + 2 Wxy y x + Wyy y² = 14.
  double const middle = -w.xy * y / w.xx;
  double const square = middle * middle - (w.yy * y * y - exponent_limit) / w.xx;
  if (!(square >= 0.0)) return;
  double const half = std::sqrt(square);
  double const size = static_cast<double>(row.size());
  auto begin = static_cast<std::size_t>(std::clamp(std::ceil(middle - half - x) - 1.0, 0.0, size));
  auto end = static_cast<std::size_t>(std::clamp(std::floor(middle + half - x) + 2.0, 0.0, size));
  auto const inside = [&](std::size_t i) {
    return quadratic_form(w, x + static_cast<double>(i), y) <= exponent_limit;
  };
  while (begin < end && !inside(begin)) ++begin;
  while (begin < end && !inside(end - 1)) --end;

  Pair at{x + static_cast<double>(begin), x + static_cast<double>(begin) + 1.0};
  Pair weight, factor;
  for (int i = 0; i < 2; ++i) {
    weight[i] = std::exp(-0.5 * quadratic_form(w, at[i], y));
    factor[i] = std::exp(-2.0 * (w.xx * (at[i] + 1.0) + w.xy * y));
  }
  RowSums line;
  for (; begin + 1 < end; begin += 2) {
    line.add(weight * load_pixels<checked>(row.data() + begin), at);
    at += 2.0;
    weight *= factor;
    factor *= factor_step;
  }
  if (begin < end) line.add(weight * Pair{usable(row[begin]), 0.0}, at);

  line.add_to(sums, y);
}

void add_subpixels(double value, double x, double y, Quadrupole const& w, WeightedSums& sums) {
  constexpr double edge = subpixel_offsets.back();
  double outermost = 0.0;
  for (double const dy : {-edge, edge})
    for (double const dx : {-edge, edge})
      outermost = std::max(outermost, quadratic_form(w, x + dx, y + dy));
  if (!(outermost <= subpixel_exponent_limit)) return;
  for (double const dy : subpixel_offsets)
    for (double const dx : subpixel_offsets) {
      double const u = x + dx, v = y + dy;
      double const light = value * std::exp(-0.5 * quadratic_form(w, u, v));
      sums.flux += light;
      sums.x += light * u;
      sums.y += light * v;
      sums.moments.xx += light * u * u;
      sums.moments.yy += light * v * v;
      sums.moments.xy += light * u * v;
    }
}

/// The pixels of a box in row y (parent frame).
std::span<float const> row_of(Image<float> const& image, Box const& box, int y) {
  return image.row(y - image.bbox().y0)
      .subspan(static_cast<std::size_t>(box.x0 - image.bbox().x0),
               static_cast<std::size_t>(box.width));
}

template <bool checked>
WeightedSums whole_pixel_sums(Image<float> const& image, Box const& box, Point centre,
                              Quadrupole const& w) {
  WeightedSums sums;
  double const factor_step = std::exp(-4.0 * w.xx);
  for (int y = box.y0; y <= box.y1(); ++y)
    add_row<checked>(row_of(image, box, y), box.x0 - centre.x, y - centre.y, w, factor_step, sums);
  return sums;
}

WeightedSums subpixel_sums(Image<float> const& image, Box const& box, Point centre,
                           Quadrupole const& w) {
  WeightedSums sums;
  for (int y = box.y0; y <= box.y1(); ++y) {
    std::span<float const> const row = row_of(image, box, y);
    for (int x = box.x0; x <= box.x1(); ++x)
      add_subpixels(usable(row[static_cast<std::size_t>(x - box.x0)]), x - centre.x, y - centre.y,
                    w, sums);
  }
  return sums;
}

template <bool checked>
WeightedSums unweighted_sums(Image<float> const& image, Box const& box, Point centre) {
  WeightedSums sums;
  for (int y = box.y0; y <= box.y1(); ++y) {
    std::span<float const> const row = row_of(image, box, y);
    RowSums line;
    Pair at{box.x0 - centre.x, box.x0 - centre.x + 1.0};
    std::size_t i = 0;
    for (; i + 1 < row.size(); i += 2, at += 2.0)
      line.add(load_pixels<checked>(row.data() + i), at);
    if (i < row.size()) line.add(Pair{usable(row[i]), 0.0}, at);
    line.add_to(sums, y - centre.y);
  }
  return sums;
}

bool finite(WeightedSums const& sums) {
  return std::isfinite(sums.flux) && std::isfinite(sums.moments.xx) &&
         std::isfinite(sums.moments.yy);
}

}  // namespace

std::optional<Quadrupole> inverse(Quadrupole const& q) {
  double const determinant = q.determinant();
  if (!(determinant >= smallest_determinant)) return std::nullopt;
  return Quadrupole{q.yy / determinant, q.xx / determinant, -q.xy / determinant};
}

bool needs_subpixels(Quadrupole const& q) {
  return q.xx < 0.25 || q.yy < 0.25 || q.determinant() < 0.0625;
}

Box weight_box(Box const& image, Point centre, Quadrupole const& q) {
  double const reach = std::min(4.0 * std::sqrt(std::max(q.xx, q.yy)), 1000.0);
  return intersection(box_around(centre, reach), image);
}

WeightedSums weighted_sums(Image<float> const& image, Box const& box, Point centre,
                           Quadrupole const& w, bool subpixels) {
  if (subpixels) return subpixel_sums(image, box, centre, w);
  WeightedSums const sums = whole_pixel_sums<false>(image, box, centre, w);
  return finite(sums) ? sums : whole_pixel_sums<true>(image, box, centre, w);
}

WeightedSums plain_sums(Image<float> const& image, Box const& box, Point centre, bool subpixels) {
  WeightedSums sums = unweighted_sums<false>(image, box, centre);
  if (!finite(sums)) sums = unweighted_sums<true>(image, box, centre);
  if (subpixels) {
    sums.moments.xx += subpixel_variance * sums.flux;
    sums.moments.yy += subpixel_variance * sums.flux;
  }
  return sums;
}

}  // namespace measurement

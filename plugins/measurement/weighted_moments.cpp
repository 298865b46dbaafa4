#include "weighted_moments.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "box_around.hpp"
#include "pair.hpp"
#include "vectorised.hpp"

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

/// The light of a row's pixels, four at a time, and its first and second moments along x.
struct RowSums {
  Quad flux{}, first{}, second{};
  [[gnu::always_inline]] void add(Quad const& light, Quad const& x) noexcept {
    Quad const moment = light * x;
    flux += light;
    first += moment;
    second += moment * x;
  }
  [[gnu::always_inline]] void add_to(WeightedSums& sums, double y) const noexcept {
    double const light = total(flux), light_x = total(first);
    sums.flux += light;
    sums.x += light_x;
    sums.y += light * y;
    sums.moments.xx += total(second);
    sums.moments.yy += light * y * y;
    sums.moments.xy += light_x * y;
  }
};

/// Adds one pixel's light at (x, y) from the centre.
void add_pixel(double light, double x, double y, WeightedSums& sums) noexcept {
  sums.flux += light;
  sums.x += light * x;
  sums.y += light * y;
  sums.moments.xx += light * x * x;
  sums.moments.yy += light * y * y;
  sums.moments.xy += light * x * y;
}

/// The weight's change along a row. From pixel to pixel it changes by a factor that itself changes
/// by the constant factor s = exp(−Wxx), so that a row needs two exponentials.
struct WeightSteps {
  double s, s4, s6, s16;  // powers of s
  explicit WeightSteps(Quadrupole const& w)
      : s(std::exp(-w.xx)),
        s4(std::exp(-4.0 * w.xx)),
        s6(std::exp(-6.0 * w.xx)),
        s16(std::exp(-16.0 * w.xx)) {}
};

bool all_finite(std::span<float const> values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); });
}

/// One row of weighted_sums(): first pixel at (x, y) from the centre.
template <bool checked>
void add_row(std::span<float const> row, double x, double y, Quadrupole const& w,
             WeightSteps const& steps, WeightedSums& sums) {
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

  if (checked && begin < end && !all_finite(row.subspan(begin, end - begin)))
    sums.bad_pixels = true;
  double const first = x + static_cast<double>(begin);
  if (end - begin < 4) {  // too few to step: for a narrow weight the steps may not even be finite
    for (; begin < end; ++begin) {
      double const at = x + static_cast<double>(begin);
      double const weight = std::exp(-0.5 * quadratic_form(w, at, y));
      add_pixel(weight * pixel_value<checked>(row[begin]), at, y, sums);
    }
    return;
  }
  double const f0 = std::exp(-(w.xx * (first + 0.5) + w.xy * y));
  double const f1 = f0 * steps.s, f2 = f1 * steps.s;
  double const w0 = std::exp(-0.5 * quadratic_form(w, first, y));
  double const w1 = w0 * f0, w2 = w1 * f1, w3 = w2 * f2;
  double const square_of_f0 = f0 * f0;
  double const g0 = square_of_f0 * square_of_f0 * steps.s6;  // over four pixels
  double const g1 = g0 * steps.s4, g2 = g1 * steps.s4, g3 = g2 * steps.s4;
  vectorised([&]() __attribute__((always_inline)) {
    Quad weight{w0, w1, w2, w3}, factor{g0, g1, g2, g3};
    Quad at{first, first + 1.0, first + 2.0, first + 3.0};
    RowSums line;
    Quad pixels{};
    std::size_t i = begin;
    for (; i + 4 <= end; i += 4) {
      load_pixels<checked>(row.data() + i, pixels);
      line.add(weight * pixels, at);
      at += 4.0;
      weight *= factor;
      factor *= steps.s16;
    }
    if (i < end) {
      load_rest<checked>(row.data() + i, end - i, pixels);
      line.add(weight * pixels, at);
    }
    line.add_to(sums, y);
  });
}

void add_subpixels(float pixel, double x, double y, Quadrupole const& w, WeightedSums& sums) {
  constexpr double edge = subpixel_offsets.back();
  double outermost = 0.0;
  for (double const dy : {-edge, edge})
    for (double const dx : {-edge, edge})
      outermost = std::max(outermost, quadratic_form(w, x + dx, y + dy));
  if (!(outermost <= subpixel_exponent_limit)) return;
  if (!std::isfinite(pixel)) {
    sums.bad_pixels = true;
    return;
  }
  double const share = double{pixel} / subpixels_per_pixel;
  for (double const dy : subpixel_offsets)
    for (double const dx : subpixel_offsets) {
      double const u = x + dx, v = y + dy;
      double const light = share * std::exp(-0.5 * quadratic_form(w, u, v));
      add_pixel(light, u, v, sums);
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
  WeightSteps const steps(w);
  for (int y = box.y0; y <= box.y1(); ++y)
    add_row<checked>(row_of(image, box, y), box.x0 - centre.x, y - centre.y, w, steps, sums);
  return sums;
}

WeightedSums subpixel_sums(Image<float> const& image, Box const& box, Point centre,
                           Quadrupole const& w) {
  WeightedSums sums;
  for (int y = box.y0; y <= box.y1(); ++y) {
    std::span<float const> const row = row_of(image, box, y);
    for (int x = box.x0; x <= box.x1(); ++x)
      add_subpixels(row[static_cast<std::size_t>(x - box.x0)], x - centre.x, y - centre.y, w, sums);
  }
  return sums;
}

template <bool checked>
WeightedSums unweighted_sums(Image<float> const& image, Box const& box, Point centre) {
  WeightedSums sums;
  vectorised([&]() __attribute__((always_inline)) {
    for (int y = box.y0; y <= box.y1(); ++y) {
      std::span<float const> const row = row_of(image, box, y);
      RowSums line;
      double const first = box.x0 - centre.x;
      Quad at{first, first + 1.0, first + 2.0, first + 3.0};
      Quad pixels{};
      std::size_t i = 0;
      for (; i + 4 <= row.size(); i += 4, at += 4.0) {
        load_pixels<checked>(row.data() + i, pixels);
        line.add(pixels, at);
      }
      if (i < row.size()) {
        load_rest<checked>(row.data() + i, row.size() - i, pixels);
        line.add(pixels, at);
      }
      line.add_to(sums, y - centre.y);
    }
  });
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
  if (!finite(sums)) {
    sums = unweighted_sums<true>(image, box, centre);
    sums.bad_pixels = true;
  }
  if (subpixels) {
    sums.moments.xx += subpixel_variance * sums.flux;
    sums.moments.yy += subpixel_variance * sums.flux;
  }
  return sums;
}

}  // namespace measurement

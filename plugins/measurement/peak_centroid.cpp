#include "peak_centroid.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <optional>
#include <vector>

#include "pair.hpp"
#include "vectorised.hpp"

namespace measurement {
namespace {
using almagest::Box;
using almagest::Image;
using almagest::Pixel;

constexpr int border = 2;        // pixels that a stamp has around the kernel
constexpr int largest_bin = 16;  // pixels
constexpr double width_factor = 1.5;
constexpr double most_steps = 10.0;         // pixels from the peak to the parabola's vertex
constexpr float quartic_factor = 1.33F;     // of the fourth-order term
constexpr double smallest_value = 1.2e-38;  // smallest normal float
constexpr double undefined_error = 1000.0;

/// Values at the peak pixel and its neighbours: [row][column], rows going up.
using Grid = std::array<std::array<float, 3>, 3>;

struct Smoothed {
  Grid values;
  Grid variances;
  bool finite() const {
    for (std::size_t j = 0; j < 3; ++j)
      for (std::size_t i = 0; i < 3; ++i)
        if (!std::isfinite(values[j][i]) || !std::isfinite(variances[j][i])) return false;
    return true;
  }
};

/// The mean of bin_x × bin_y pixels at a time; `box` lies inside the image. `checked` takes 0 for
/// what is not finite.
/// \param shrink  divides each mean once more by its number of pixels: for variances of means
template <bool checked>
Image<float> binned(Image<float> const& image, Box const& box, int bin_x, int bin_y, bool shrink) {
  auto result = Image<float>::uninitialised(Box{0, 0, box.width / bin_x, box.height / bin_y});
  double const pixels = double{1} * bin_x * bin_y;
  double const scale = shrink ? 1.0 / (pixels * pixels) : 1.0 / pixels;
  std::vector<double> columns(static_cast<std::size_t>(box.width));
  for (int j = 0; j < result.height(); ++j) {
    std::fill(columns.begin(), columns.end(), 0.0);
    for (int y = j * bin_y; y < (j + 1) * bin_y; ++y) {
      float const* const row =
          image.row(box.y0 - image.bbox().y0 + y).data() + (box.x0 - image.bbox().x0);
      std::size_t x = 0;
      for (; x + 2 <= columns.size(); x += 2)
        store(load(columns.data() + x) + load_pixels<checked>(row + x), columns.data() + x);
      if (x < columns.size()) columns[x] += pixel_value<checked>(row[x]);
    }
    auto column = columns.begin();
    for (float& value : result.row(j)) {
      double sum = 0.0;
      for (int x = 0; x < bin_x; ++x) sum += *column++;
      value = static_cast<float>(sum * scale);
    }
  }
  return result;
}

/// Correlates an image with the kernel at the 3 × 3 pixels around (centre_x, centre_y), array
/// indices; with the kernel's squares for variances. Sums in double, stored as float. Reads, but
/// does not use, one column more than it needs on the right: part of the stamp's border.
template <bool squared>
Grid correlate(Image<float> const& image, int centre_x, int centre_y, Image<double> const& kernel) {
  std::array<Quad, 3> sums{};  // of a row's three pixels, and one for nothing
  int const first_x = centre_x - kernel.width() / 2 - 1;
  int const first_y = centre_y - kernel.height() / 2 - 1;
  auto const width = static_cast<std::size_t>(kernel.width());
  vectorised([&]() __attribute__((always_inline)) {
    Quad below{}, level{}, above{}, pixels{};
    for (int v = 0; v < kernel.height(); ++v) {
      double const* const taps = kernel.row(v).data();
      float const* const row0 = image.row(first_y + v).data() + first_x;
      float const* const row1 = image.row(first_y + v + 1).data() + first_x;
      float const* const row2 = image.row(first_y + v + 2).data() + first_x;
      for (std::size_t u = 0; u < width; ++u) {
        double const tap = squared ? taps[u] * taps[u] : taps[u];
        load(row0 + u, pixels);
        below += tap * pixels;
        load(row1 + u, pixels);
        level += tap * pixels;
        load(row2 + u, pixels);
        above += tap * pixels;
      }
    }
    sums = {below, level, above};
  });
  Grid grid;
  for (std::size_t j = 0; j < 3; ++j)
    for (std::size_t i = 0; i < 3; ++i) grid[j][i] = static_cast<float>(sums[j][i]);
  return grid;
}

/// The image and its variance around a peak, binned and smoothed.
template <bool checked>
Smoothed smooth(Image<float> const& image, Image<float> const& variance, Box const& stamp,
                int bin_x, int bin_y, Image<double> const& kernel) {
  int const x = kernel.width() / 2 + border, y = kernel.height() / 2 + border;
  if (!checked && bin_x == 1 && bin_y == 1) {
    int const x0 = stamp.x0 - image.bbox().x0, y0 = stamp.y0 - image.bbox().y0;
    return {correlate<false>(image, x0 + x, y0 + y, kernel),
            correlate<true>(variance, x0 + x, y0 + y, kernel)};
  }
  return {correlate<false>(binned<checked>(image, stamp, bin_x, bin_y, false), x, y, kernel),
          correlate<true>(binned<checked>(variance, stamp, bin_x, bin_y, true), x, y, kernel)};
}

/// Where three values have their maximum, between −1 and 1 from the middle one.
std::optional<float> quartic_maximum(float before, float middle, float after) {
  float const down_after = middle - after, down_before = middle - before;
  float const curvature = down_after + down_before;
  if (!(curvature > 0.0F) || !(middle > 0.0F)) return std::nullopt;
  float const vertex = (after - before) / (2.0F * curvature) *
                       (1.0F + quartic_factor * down_after * down_before / (curvature * middle));
  if (!(std::abs(vertex) < 1.0F)) return std::nullopt;
  return vertex;
}

/// How much of the kernel, laid over the middle of a stamp, falls on pixels that are not finite.
double share_of_bad_pixels(Image<float> const& image, Image<float> const& variance,
                           Box const& stamp, int bin_x, int bin_y, Image<double> const& kernel) {
  double bad = 0.0, all = 0.0;
  for (int j = 0; j < kernel.height(); ++j)
    for (int i = 0; i < kernel.width(); ++i) {
      double const weight = std::abs(kernel(i, j));
      int const x0 = stamp.x0 + (i + border) * bin_x, y0 = stamp.y0 + (j + border) * bin_y;
      all += weight * bin_x * bin_y;
      for (int y = y0; y < y0 + bin_y; ++y)
        for (int x = x0; x < x0 + bin_x; ++x)
          if (!std::isfinite(image.at({x, y})) || !std::isfinite(variance.at({x, y})))
            bad += weight;
    }
  return bad / all;
}

/// The parabola through three maxima: value and slopes of the ridge.
struct Ridge {
  double middle, slope, bend;
  Ridge(double before, double at, double after)
      : middle(at), slope(0.5 * (after - before)), bend(at - 0.5 * (before + after)) {}
  double at(double t) const { return middle + t * (slope - t * bend); }
};

/// A centroid in (binned) pixels from the peak pixel.
struct Offset {
  double x = 0.0, y = 0.0;
  double size_x = 0.0, size_y = 0.0;  // variances of the source without smoothing [pixel²]
  double error_x = 0.0, error_y = 0.0;
  CentroidProblem problem = CentroidProblem::none;
};

/// The variances that smoothing leaves in a first (s) and a second (d) difference.
struct DifferenceVariances {
  double first, second;
  DifferenceVariances(double neighbours, double centre, double sigma2) {
    using std::exp;
    using std::numbers::pi;
    double const e1 = exp(-1.0 / sigma2), e3 = exp(-1.0 / (3.0 * sigma2));
    double const e4 = exp(-1.0 / (4.0 * sigma2));
    first =
        neighbours / (8.0 * pi * sigma2) * (1.0 - e1) + centre / (12.0 * pi * sigma2) * (e3 - e1);
    second = neighbours / (2.0 * pi * sigma2) * (3.0 - 4.0 * e4 + e1) +
             centre / (3.0 * pi * sigma2) * (2.0 - 3.0 * e3 + e1);
  }
};

double position_error(double s, double d, double peak, double quartic,
                      DifferenceVariances const& variance) {
  if (std::abs(peak) < smallest_value || std::abs(d) < smallest_value) return undefined_error;
  double const by_first = 1.0 / d + quartic / (4.0 * peak) * (1.0 - 12.0 * s * s / (d * d));
  double const by_second = s / (d * d) - 2.0 * quartic * s * s / (peak * d * d * d);
  return std::sqrt(variance.first * by_first * by_first + variance.second * by_second * by_second);
}

Offset measure_offset(Smoothed const& smoothed, double psf_sigma) {
  Grid const& v = smoothed.values;
  Offset offset;
  double const middle = v[1][1];
  double const dx = 2.0 * middle - v[1][0] - v[1][2], sx = 0.5 * (double{v[1][2]} - v[1][0]);
  double const dy = 2.0 * middle - v[0][1] - v[2][1], sy = 0.5 * (double{v[2][1]} - v[0][1]);
  if (dx == 0.0 || dy == 0.0) {
    offset.problem = CentroidProblem::no_second_derivative;
    return offset;
  }
  if (dx < 0.0 || dy < 0.0) {
    offset.problem = CentroidProblem::not_at_maximum;
    return offset;
  }
  double const x0 = sx / dx, y0 = sy / dy;
  if (std::abs(x0) > most_steps || std::abs(y0) > most_steps) {
    offset.problem = CentroidProblem::almost_no_second_derivative;
    return offset;
  }
  double const peak = middle + 0.5 * (sx * x0 + sy * y0);

  std::array<std::optional<float>, 3> along_x, along_y;
  bool good = true;
  for (std::size_t i = 0; i < 3; ++i) {
    along_x[i] = quartic_maximum(v[i][0], v[i][1], v[i][2]);
    along_y[i] = quartic_maximum(v[0][i], v[1][i], v[2][i]);
    good = good && along_x[i] && along_y[i];
  }
  double const sigma2 = psf_sigma * psf_sigma;
  double width_x = peak / dx, width_y = peak / dy;
  double quartic = 0.0;
  offset.x = x0;
  offset.y = y0;
  if (good) {
    Ridge const in_x(*along_x[0], *along_x[1], *along_x[2]);
    Ridge const in_y(*along_y[0], *along_y[1], *along_y[2]);
    offset.x = in_x.at(in_y.at(x0));
    offset.y = in_y.at(in_x.at(y0));
    width_x -= 0.25 * (1.0 + 6.0 * x0 * x0);
    width_y -= 0.25 * (1.0 + 6.0 * y0 * y0);
    quartic = double{quartic_factor};
  }
  offset.size_x = std::max(width_x - sigma2, sigma2);
  offset.size_y = std::max(width_y - sigma2, sigma2);

  double neighbours = 0.0;
  for (std::size_t j = 0; j < 3; ++j)
    for (std::size_t i = 0; i < 3; ++i)
      if (i != 1 || j != 1) neighbours += double{smoothed.variances[j][i]} / 8.0;
  DifferenceVariances const variance(neighbours, smoothed.variances[1][1], sigma2);
  offset.error_x = position_error(sx, dx, peak, quartic, variance);
  offset.error_y = position_error(sy, dy, peak, quartic, variance);
  return offset;
}

}  // namespace

PeakCentroid peak_centroid(Image<float> const& image, Image<float> const& variance, Pixel start,
                           Image<double> const& kernel, double psf_sigma,
                           bool inflate_binned_errors) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  almagest::Point const peak{static_cast<double>(start.x), static_cast<double>(start.y)};
  double const sigma2 = psf_sigma * psf_sigma;
  double const widest = width_factor * (1.0 + sigma2);  // in pixels of the binned image
  int const middle_x = kernel.width() / 2 + border, middle_y = kernel.height() / 2 + border;

  PeakCentroid result{peak, nan, nan};
  int bin_x = 1, bin_y = 1;
  for (int size = 1; size <= largest_bin; size *= 2) {
    Box const box{start.x - bin_x * middle_x, start.y - bin_y * middle_y,
                  bin_x * (kernel.width() + 2 * border), bin_y * (kernel.height() + 2 * border)};
    if (!image.bbox().contains(box)) return {peak, nan, nan, 0.0, CentroidProblem::edge};

    Smoothed smoothed = smooth<false>(image, variance, box, bin_x, bin_y, kernel);
    result.bad_share = 0.0;
    if (!smoothed.finite()) {
      smoothed = smooth<true>(image, variance, box, bin_x, bin_y, kernel);
      result.bad_share = share_of_bad_pixels(image, variance, box, bin_x, bin_y, kernel);
    }
    // The variance of one (binned) pixel: undoes what a Gaussian smoothing takes away.
    double const undo =
        4.0 * std::numbers::pi * sigma2 * (inflate_binned_errors ? bin_x * bin_y : 1);
    for (auto& row : smoothed.variances)
      for (float& value : row) value = static_cast<float>(value * undo);
    Offset const offset = measure_offset(smoothed, psf_sigma);
    if (offset.problem != CentroidProblem::none)
      return {peak, nan, nan, result.bad_share, offset.problem};

    // Binned pixels begin at the stamp's side: the peak is in the corner of the middle one.
    result.position.x = box.x0 + (middle_x + offset.x + 0.5) * bin_x - 0.5;
    result.position.y = box.y0 + (middle_y + offset.y + 0.5) * bin_y - 0.5;
    result.x_error = offset.error_x * bin_x;
    result.y_error = offset.error_y * bin_y;

    auto const narrow = [&](double width, double shift, int bin) {
      double const limit = widest * bin * bin;
      return width * bin * bin < limit && shift * shift < limit;
    };
    bool const narrow_x = narrow(offset.size_x, result.position.x - peak.x, bin_x);
    bool const narrow_y = narrow(offset.size_y, result.position.y - peak.y, bin_y);
    if (narrow_x && narrow_y) break;
    if (!narrow_x) bin_x *= 2;
    if (!narrow_y) bin_y *= 2;
  }
  return result;
}

}  // namespace measurement

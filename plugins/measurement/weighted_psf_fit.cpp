#include "weighted_psf_fit.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "almagest/error.hpp"

#include "pair.hpp"
#include "sinc_taps.hpp"
#include "vectorised.hpp"

namespace measurement {
namespace {

using namespace almagest;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t quad_size = 4;

// A fit that has come so close is at its end: what is left, to second order, is below 1e-5 of the
// flux for PSFs of σ ≥ 1 pixel.
constexpr double last_step = 0.005;   // pixel
constexpr double longest_step = 1.0;  // pixel: beyond it the PSF's slope says little
constexpr int max_steps = 12;
constexpr double needed_light = 0.5;  // of the PSF on good pixels
constexpr int unknowns = 3;           // flux, x, y

[[gnu::always_inline]] inline void load_quad(double const* from, Quad& to) noexcept {
  std::memcpy(&to, from, sizeof(to));
}

/// Half the side of the square around (0, 0) outside which a kernel is zero.
int half_of_light(Image<double> const& kernel) {
  Box const box = kernel.bbox();
  int half = -1;
  for (int y = box.y0; y <= box.y1(); ++y) {
    auto const row = kernel.row(y - box.y0);
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i] == 0.0) continue;
      int const x = box.x0 + static_cast<int>(i);
      half = std::max({half, std::abs(x), std::abs(y)});
    }
  }
  return half;
}

/// What the fit works on: square planes of doubles, with rows padded to whole Quads.
class Planes {
 public:
  Planes(Image<double> const& kernel, int half)
      : side(static_cast<std::size_t>(2 * half + 1)),
        stride((side + quad_size - 1) / quad_size * quad_size),
        padded_stride(stride + 2 * pad),
        storage_(side * (padded_stride + 8 * stride)) {
    double* next = storage_.data() + side * padded_stride;
    for (double** plane : {&shifted, &sloped, &psi, &by_x, &by_y, &data, &variance, &good}) {
      *plane = next;
      next += side * stride;
    }
    int const skipped = kernel.width() / 2 - half;
    for (std::size_t y = 0; y < side; ++y) {
      auto const row = kernel.row(static_cast<int>(y) + skipped);
      std::copy_n(row.begin() + skipped, side, storage_.data() + y * padded_stride + pad);
    }
  }
  // The pointers are into its own storage.
  Planes(Planes const&) = delete;
  Planes& operator=(Planes const&) = delete;

  double const* kernel_row(std::size_t y) const noexcept {
    return storage_.data() + y * padded_stride + pad;
  }
  std::size_t size() const noexcept { return side * stride; }

  // Zeros on either side of a kernel's row: the window's half width, and the longest shift.
  static constexpr std::size_t pad = SincTaps::reach + 3;
  static_assert(max_psf_shift + 0.5 <= pad - SincTaps::reach);  // the start is 0.5 off the centre

  std::size_t side, stride, padded_stride;
  double *shifted, *sloped;   ///< the kernel moved along x, and the derivative of that
  double *psi, *by_x, *by_y;  ///< the PSF at the place of the fit and its derivatives
  double *data, *variance;    ///< 0 where a pixel is not good
  double* good;               ///< 1 or 0

 private:
  std::vector<double> storage_;
};

/// Four neighbouring numbers: without AVX the compiler makes little of a Quad.
struct TwoPairs {
  Pair low{}, high{};
  [[gnu::always_inline]] void add(double factor, double const* from) noexcept {
    low += factor * load(from);
    high += factor * load(from + 2);
  }
  [[gnu::always_inline]] void put(double* to) const noexcept {
    store(low, to);
    store(high, to + 2);
  }
};

/// Puts the PSF at a place: psi, by_x, by_y.
void place_psf(Planes& planes, double dx, double dy) {
  SincTaps const taps_x(dx), taps_y(dy);
  auto const side = static_cast<std::ptrdiff_t>(planes.side);
  std::size_t const stride = planes.stride;
  for (std::size_t y = 0; y < planes.side; ++y) {
    double const* const row = planes.kernel_row(y) - taps_x.first;
    for (std::size_t x = 0; x < stride; x += quad_size) {
      TwoPairs value, slope;
      for (std::size_t k = 0; k < SincTaps::count; ++k) {
        value.add(taps_x.weights[k], row + x - k);
        slope.add(taps_x.by_shift[k], row + x - k);
      }
      value.put(planes.shifted + y * stride + x);
      slope.put(planes.sloped + y * stride + x);
    }
  }
  for (std::ptrdiff_t y = 0; y < side; ++y) {
    // Rows y − k of the kernel that there are.
    std::ptrdiff_t const top = y - taps_y.first;
    auto const begin =
        static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(top - side + 1, 0, SincTaps::count));
    auto const end =
        static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(top + 1, 0, SincTaps::count));
    std::size_t const out = static_cast<std::size_t>(y) * stride;
    for (std::size_t x = 0; x < stride; x += quad_size) {
      TwoPairs value, slope_x, slope_y;
      for (std::size_t k = begin; k < end; ++k) {
        std::size_t const from = (static_cast<std::size_t>(top) - k) * stride + x;
        value.add(taps_y.weights[k], planes.shifted + from);
        slope_y.add(taps_y.by_shift[k], planes.shifted + from);
        slope_x.add(taps_y.weights[k], planes.sloped + from);
      }
      value.put(planes.psi + out + x);
      slope_x.put(planes.by_x + out + x);
      slope_y.put(planes.by_y + out + x);
    }
  }
}

struct Gathered {
  int pixels = 0;
  bool left_out = false;
};

/// Copies data and variance under the PSF; pixels outside the image or bad are not good.
Gathered gather(Image<float> const& image, Image<float> const& variance, Mask const& mask,
                MaskPixel ignore, Box const& stamp, Planes& planes) {
  Gathered found;
  Box const box = intersection(stamp, image.bbox());
  for (int y = box.y0; y <= box.y1(); ++y) {
    std::size_t const out = static_cast<std::size_t>(y - stamp.y0) * planes.stride +
                            static_cast<std::size_t>(box.x0 - stamp.x0);
    auto const first = static_cast<std::size_t>(box.x0 - image.bbox().x0);
    float const* const values = image.row(y - image.bbox().y0).data() + first;
    float const* const variances = variance.row(y - image.bbox().y0).data() + first;
    MaskPixel const* const bits = mask.image().row(y - image.bbox().y0).data() + first;
    for (std::size_t x = 0; x < static_cast<std::size_t>(box.width); ++x) {
      bool const good = (bits[x] & ignore) == 0 && std::isfinite(values[x]) &&
                        variances[x] > 0.0F && std::isfinite(variances[x]);
      planes.good[out + x] = good ? 1.0 : 0.0;
      planes.data[out + x] = good ? double{values[x]} : 0.0;
      planes.variance[out + x] = good ? double{variances[x]} : 0.0;
      found.pixels += good;
      found.left_out = found.left_out || !good;
    }
  }
  return found;
}

/// Variance of a pixel: a + b ψ⁺.
struct NoiseModel {
  double sky, per_light;
};

/// The straight line through the variances of the good pixels.
NoiseModel fit_noise(Planes const& planes, int pixels) {
  double light = 0.0, squares = 0.0, noise = 0.0, product = 0.0;
  double lowest = std::numeric_limits<double>::max();
  for (std::size_t i = 0; i < planes.size(); ++i) {
    if (planes.good[i] == 0.0) continue;
    double const psi = std::max(planes.psi[i], 0.0), v = planes.variance[i];
    light += psi;
    squares += psi * psi;
    noise += v;
    product += psi * v;
    lowest = std::min(lowest, v);
  }
  double const n = pixels;
  double const scatter = n * squares - light * light;
  double const slope = scatter > 0.0 ? (n * product - light * noise) / scatter : 0.0;
  double const sky = (noise - slope * light) / n;
  if (!(slope > 0.0)) return {noise / n, 0.0};
  return {std::max(sky, lowest), slope};  // a line through a neighbour's noise may end below zero
}

double good_light(Planes const& planes) {
  double good = 0.0, all = 0.0;
  for (std::size_t i = 0; i < planes.size(); ++i) {
    good += planes.good[i] * planes.psi[i];
    all += planes.psi[i];
  }
  return all > 0.0 ? good / all : 0.0;
}

/// A symmetric 3 × 3 matrix: 00, 01, 02, 11, 12, 22.
using Matrix = std::array<double, 6>;
using Vector = std::array<double, 3>;

std::optional<Matrix> inverse(Matrix const& m) {
  double const c00 = m[3] * m[5] - m[4] * m[4], c01 = m[2] * m[4] - m[1] * m[5],
               c02 = m[1] * m[4] - m[2] * m[3];
  double const determinant = m[0] * c00 + m[1] * c01 + m[2] * c02;
  if (!(determinant > 1e-12 * m[0] * m[3] * m[5])) return std::nullopt;
  return Matrix{c00 / determinant,
                c01 / determinant,
                c02 / determinant,
                (m[0] * m[5] - m[2] * m[2]) / determinant,
                (m[1] * m[2] - m[0] * m[4]) / determinant,
                (m[0] * m[3] - m[1] * m[1]) / determinant};
}

Vector product(Matrix const& m, Vector const& v) {
  return {m[0] * v[0] + m[1] * v[1] + m[2] * v[2], m[1] * v[0] + m[3] * v[1] + m[4] * v[2],
          m[2] * v[0] + m[4] * v[1] + m[5] * v[2]};
}

/// (m s m)_ii, a variance.
double sandwich(Matrix const& m, Matrix const& s, std::size_t i) {
  constexpr std::array<std::array<std::size_t, 3>, 3> at{{{0, 1, 2}, {1, 3, 4}, {2, 4, 5}}};
  Vector const row{m[at[i][0]], m[at[i][1]], m[at[i][2]]};
  Vector const middle = product(s, row);
  return row[0] * middle[0] + row[1] * middle[1] + row[2] * middle[2];
}

/// Sums over the pixels, with a = (ψ, ∂ψ/∂x, ∂ψ/∂y) and weights w.
struct NormalEquations {
  Matrix matrix;   ///< Σ w aᵢ aⱼ
  Vector right;    ///< Σ w aᵢ d
  double squares;  ///< Σ w d²
};

NormalEquations normal_equations(Planes const& planes, NoiseModel const& model) {
  NormalEquations sums{};
  vectorised([&]() __attribute__((always_inline)) {
    Quad m00{}, m01{}, m02{}, m11{}, m12{}, m22{}, r0{}, r1{}, r2{}, squares{};
    Quad psi{}, by_x{}, by_y{}, data{}, good{};
    Quad const zero{};
    for (std::size_t i = 0; i < planes.size(); i += quad_size) {
      load_quad(planes.psi + i, psi);
      load_quad(planes.by_x + i, by_x);
      load_quad(planes.by_y + i, by_y);
      load_quad(planes.data + i, data);
      load_quad(planes.good + i, good);
      Quad const light = psi > zero ? psi : zero;
      Quad const weight = good / (model.sky + model.per_light * light);
      Quad const wp = weight * psi, wx = weight * by_x, wy = weight * by_y;
      m00 += wp * psi;
      m01 += wp * by_x;
      m02 += wp * by_y;
      m11 += wx * by_x;
      m12 += wx * by_y;
      m22 += wy * by_y;
      r0 += wp * data;
      r1 += wx * data;
      r2 += wy * data;
      squares += weight * data * data;
    }
    sums = {{total(m00), total(m01), total(m02), total(m11), total(m12), total(m22)},
            {total(r0), total(r1), total(r2)},
            total(squares)};
  });
  return sums;
}

/// Sums over the squares of the weights.
struct SquaredWeights {
  Matrix noise;       ///< Σ w² v aᵢ aⱼ, with the image's variances v
  double by_x, by_y;  ///< Σ w² (∂ψ/∂x)², Σ w² (∂ψ/∂y)²
};

SquaredWeights squared_weights(Planes const& planes, NoiseModel const& model) {
  SquaredWeights sums{};
  vectorised([&]() __attribute__((always_inline)) {
    Quad m00{}, m01{}, m02{}, m11{}, m12{}, m22{}, squares_x{}, squares_y{};
    Quad psi{}, by_x{}, by_y{}, variance{}, good{};
    Quad const zero{};
    for (std::size_t i = 0; i < planes.size(); i += quad_size) {
      load_quad(planes.psi + i, psi);
      load_quad(planes.by_x + i, by_x);
      load_quad(planes.by_y + i, by_y);
      load_quad(planes.variance + i, variance);
      load_quad(planes.good + i, good);
      Quad const light = psi > zero ? psi : zero;
      Quad const modelled = model.sky + model.per_light * light;
      Quad const square = good / (modelled * modelled);
      Quad const weight = square * variance;
      squares_x += square * by_x * by_x;
      squares_y += square * by_y * by_y;
      Quad const wp = weight * psi, wx = weight * by_x, wy = weight * by_y;
      m00 += wp * psi;
      m01 += wp * by_x;
      m02 += wp * by_y;
      m11 += wx * by_x;
      m12 += wx * by_y;
      m22 += wy * by_y;
    }
    sums = {{total(m00), total(m01), total(m02), total(m11), total(m12), total(m22)},
            total(squares_x),
            total(squares_y)};
  });
  return sums;
}

/// What a fit has come to.
struct Fitted {
  Point offset;  // after the last step
  double flux;
  Matrix matrix, inverse_matrix;
  double squares;  // Σ w (d − model)²
};

/// What light that chases noise adds to a flux: half of κσ²/F for each coordinate, with κ = a Σ
/// w²ψ'² / Σ w ψ'². Below S/N 1.4 it is no more than half the flux: there the expansion says
/// nothing.
double flux_bias(Fitted const& fitted, double error, SquaredWeights const& sums,
                 NoiseModel const& model) {
  double const share =
      0.5 * model.sky * (sums.by_x / fitted.matrix[3] + sums.by_y / fitted.matrix[5]);
  return std::min(share * error * error / fitted.flux, 0.5 * fitted.flux);
}

/// Steps from `start` until they are short. Both offsets are from the centre of the stamp.
std::optional<Fitted> iterate(Planes& planes, NoiseModel const& model, Point start,
                              double max_shift) {
  Point at = start;
  for (int step = 0; step < max_steps; ++step) {
    if (step > 0) place_psf(planes, at.x, at.y);
    NormalEquations const sums = normal_equations(planes, model);
    std::optional<Matrix> const inverted = inverse(sums.matrix);
    if (!inverted) return std::nullopt;
    Vector const q = product(*inverted, sums.right);
    if (!(q[0] > 0.0)) return std::nullopt;
    double const dx = q[1] / q[0], dy = q[2] / q[0];
    at.x += std::clamp(dx, -longest_step, longest_step);
    at.y += std::clamp(dy, -longest_step, longest_step);
    if (!(std::abs(at.x - start.x) <= max_shift && std::abs(at.y - start.y) <= max_shift))
      return std::nullopt;
    if (std::abs(dx) < last_step && std::abs(dy) < last_step)
      return Fitted{
          at, q[0], sums.matrix, *inverted,
          sums.squares - q[0] * sums.right[0] - q[1] * sums.right[1] - q[2] * sums.right[2]};
  }
  return std::nullopt;
}

}  // namespace

PsfFitResult psf_fit(Image<float> const& image, Image<float> const& variance, Mask const& mask,
                     MaskPixel ignore, Image<double> const& kernel, Point start, double max_shift) {
  int const outer = kernel.width() / 2;
  if (kernel.bbox() != Box{-outer, -outer, 2 * outer + 1, 2 * outer + 1})
    throw MeasurementError("PSF fit: the kernel is not a square centred on a pixel");
  int const half = half_of_light(kernel);
  if (half < 0) throw MeasurementError("PSF fit: the PSF is dark");
  if (!(max_shift >= 0.0 && max_shift <= max_psf_shift))
    throw ConfigError("PSF fit: max_shift is " + std::to_string(max_shift) + ", not from 0 to " +
                      std::to_string(max_psf_shift) + " pixels");
  if (!std::isfinite(start.x) || !std::isfinite(start.y))
    throw MeasurementError("PSF fit: the start is not finite");

  Pixel const centre = nearest_pixel(start);
  Box const stamp{centre.x - half, centre.y - half, 2 * half + 1, 2 * half + 1};
  Point const offset{start.x - centre.x, start.y - centre.y};
  Planes planes(kernel, half);
  Gathered const gathered = gather(image, variance, mask, ignore, stamp, planes);
  PsfFitResult result{PsfFitProblem::no_good_pixels, nan, nan, start, nan, nan, nan, false, false};
  result.edge = !image.bbox().contains(stamp);
  result.left_out = gathered.left_out;
  place_psf(planes, offset.x, offset.y);
  if (gathered.pixels <= unknowns || !(good_light(planes) >= needed_light)) return result;

  NoiseModel const model = fit_noise(planes, gathered.pixels);
  if (auto const fitted = iterate(planes, model, offset, max_shift)) {
    SquaredWeights const sums = squared_weights(planes, model);
    auto const sigma = [&](std::size_t i) {
      return std::sqrt(sandwich(fitted->inverse_matrix, sums.noise, i));
    };
    double const error = sigma(0);
    result.problem = PsfFitProblem::none;
    result.flux = fitted->flux - flux_bias(*fitted, error, sums, model);
    result.flux_error = error;
    result.position = {centre.x + fitted->offset.x, centre.y + fitted->offset.y};
    result.x_error = sigma(1) / fitted->flux;
    result.y_error = sigma(2) / fitted->flux;
    result.chi2 = fitted->squares / (gathered.pixels - unknowns);
    return result;
  }

  // The flux alone, where it was looked for first.
  place_psf(planes, offset.x, offset.y);
  NormalEquations const sums = normal_equations(planes, model);
  result.problem = PsfFitProblem::no_convergence;
  result.flux = sums.right[0] / sums.matrix[0];
  result.flux_error = std::sqrt(squared_weights(planes, model).noise[0]) / sums.matrix[0];
  return result;
}

}  // namespace measurement

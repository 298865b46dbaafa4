#include "aperture_flux.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "box_around.hpp"
#include "pair.hpp"
#include "vectorised.hpp"

namespace measurement {
namespace {
using almagest::Box;
using almagest::Image;
using almagest::Pixel;
using almagest::Point;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool aperture_inside(Box const& image, Point centre, double radius) {
  return image.contains(box_around(centre, radius));
}

/// Σcd and Σc²v over a piece of a row, with c = 1 for plain sums.
struct Sums {
  double flux = 0.0, noise = 0.0;
  bool bad_pixels = false;
};

/// One row of the image and of its variance.
class Row {
 public:
  Row(Image<float> const& image, Image<float> const& variance, int y)
      : values_(image.row(y - image.bbox().y0).data()),
        variances_(variance.row(y - image.bbox().y0).data()),
        x0_(image.bbox().x0) {}

  /// Pointers to the pixel in column x, parent frame.
  float const* values(int x) const noexcept { return values_ + (x - x0_); }
  float const* variances(int x) const noexcept { return variances_ + (x - x0_); }

 private:
  float const* values_;
  float const* variances_;
  int x0_;
};

/// Weights of 1, and weights from an array.
struct Ones {
  double one(std::size_t) const { return 1.0; }
  [[gnu::always_inline]] void four(std::size_t, Quad& to) const { to = Quad{1.0, 1.0, 1.0, 1.0}; }
};
struct Weights {
  float const* weights;
  double one(std::size_t i) const { return weights[i]; }
  [[gnu::always_inline]] void four(std::size_t i, Quad& to) const { load(weights + i, to); }
};

/// Adds the pixels of columns x0 … x1.
template <class W>
[[gnu::always_inline]] inline void add_piece(Row const& row, int x0, int x1, W const& weight,
                                             Sums& sums) {
  if (x1 < x0) return;
  float const* const values = row.values(x0);
  float const* const variances = row.variances(x0);
  auto const size = static_cast<std::size_t>(x1 - x0) + 1;
  Quad flux{}, noise{}, c{}, value{}, variance{};
  std::size_t i = 0;
  for (; i + 4 <= size; i += 4) {
    weight.four(i, c);
    load(values + i, value);
    load(variances + i, variance);
    flux += c * value;
    noise += c * c * variance;
  }
  double light = total(flux), squares = total(noise);
  for (; i < size; ++i) {
    double const one = weight.one(i);
    light += one * double{values[i]};
    squares += one * one * double{variances[i]};
  }
  if (std::isfinite(light) && std::isfinite(squares)) {
    sums.flux += light;
    sums.noise += squares;
    return;
  }
  // Rare: some pixel is not finite. It is left out.
  for (i = 0; i < size; ++i)
    if (std::isfinite(values[i]) && std::isfinite(variances[i])) {
      sums.flux += weight.one(i) * double{values[i]};
      sums.noise += weight.one(i) * weight.one(i) * double{variances[i]};
    } else {
      sums.bad_pixels = true;
    }
}

ApertureFluxResult result_of(Sums const& sums) {
  ApertureFluxResult result{sums.flux, std::sqrt(sums.noise)};
  result.bad_pixels = sums.bad_pixels;
  return result;
}

}  // namespace

ApertureFluxResult sinc_aperture_flux(Image<float> const& image, Image<float> const& variance,
                                      Image<float> const& weights, Point centre, double radius,
                                      ApertureBorder border) {
  if (!aperture_inside(image.bbox(), centre, radius)) return {nan, nan, true};
  Pixel const pixel = nearest_pixel(centre);
  Image<float> moved = shifted_aperture(weights, centre.x - pixel.x, centre.y - pixel.y, border);
  moved.set_origin({weights.bbox().x0 + pixel.x, weights.bbox().y0 + pixel.y});
  Box const box = intersection(moved.bbox(), image.bbox());

  Sums sums;
  Image<float> const& coefficients = moved;
  vectorised([&]() __attribute__((always_inline)) {
    for (int y = box.y0; y <= box.y1(); ++y) {
      float const* const c =
          coefficients.row(y - coefficients.bbox().y0).data() + (box.x0 - coefficients.bbox().x0);
      add_piece(Row(image, variance, y), box.x0, box.x1(), Weights{c}, sums);
    }
  });
  ApertureFluxResult result = result_of(sums);
  result.weights_cut = box != moved.bbox();
  return result;
}

void plain_aperture_fluxes(Image<float> const& image, Image<float> const& variance, Point centre,
                           std::span<double const> radii, std::span<ApertureFluxResult> results) {
  // Circles that leave the image, the larger ones, are not measured.
  std::size_t count = 0;
  while (count < radii.size() && aperture_inside(image.bbox(), centre, radii[count])) ++count;
  for (std::size_t k = count; k < radii.size(); ++k) results[k] = {nan, nan, true};
  if (count == 0) return;

  // rings[k]: the pixels inside circle k and outside circle k − 1.
  std::vector<Sums> rings(count);
  double const largest = radii[count - 1];
  int const y1 = static_cast<int>(std::floor(centre.y + largest));
  vectorised([&]() __attribute__((always_inline)) {
    for (int y = static_cast<int>(std::ceil(centre.y - largest)); y <= y1; ++y) {
      Row const row(image, variance, y);
      double const dy = y - centre.y;
      // The row's part inside the circle before: empty, and then where the row is nearest the
      // centre.
      int inner_x0 = static_cast<int>(std::ceil(centre.x));
      int inner_x1 = inner_x0 - 1;
      for (std::size_t k = 0; k < count; ++k) {
        double const square = radii[k] * radii[k] - dy * dy;
        if (square < 0.0) continue;
        double const reach = std::sqrt(square);
        int const x0 = static_cast<int>(std::ceil(centre.x - reach));
        int const x1 = static_cast<int>(std::floor(centre.x + reach));
        if (x1 < x0) continue;
        add_piece(row, x0, inner_x0 - 1, Ones{}, rings[k]);
        add_piece(row, inner_x1 + 1, x1, Ones{}, rings[k]);
        inner_x0 = x0;
        inner_x1 = x1;
      }
    }
  });
  Sums sums;
  for (std::size_t k = 0; k < count; ++k) {
    sums.flux += rings[k].flux;
    sums.noise += rings[k].noise;
    sums.bad_pixels = sums.bad_pixels || rings[k].bad_pixels;
    results[k] = result_of(sums);
  }
}

}  // namespace measurement

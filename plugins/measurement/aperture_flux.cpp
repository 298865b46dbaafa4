#include "aperture_flux.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "box_around.hpp"
#include "pair.hpp"
#include "sinc_aperture.hpp"

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

/// The pixels of a piece of a row, and their weights: an array, or 1 for each.
struct Piece {
  float const* values;
  float const* variances;
  std::size_t size;

  Piece(Image<float> const& image, Image<float> const& variance, int y, int x0, int x1)
      : values(image.row(y - image.bbox().y0).data() + (x0 - image.bbox().x0)),
        variances(variance.row(y - image.bbox().y0).data() + (x0 - image.bbox().x0)),
        size(x1 < x0 ? 0 : static_cast<std::size_t>(x1 - x0) + 1) {}
};

/// Weights of 1, and weights from an array.
struct Ones {
  double one(std::size_t) const { return 1.0; }
  Pair two(std::size_t) const { return Pair{1.0, 1.0}; }
};
struct Weights {
  float const* weights;
  double one(std::size_t i) const { return weights[i]; }
  Pair two(std::size_t i) const { return load(weights + i); }
};

template <class W>
void add_piece(Piece const& piece, W const& weight, Sums& sums) {
  Pair flux0{}, flux1{}, noise0{}, noise1{};
  auto const add = [&](std::size_t i, Pair& flux, Pair& noise) {
    Pair const c = weight.two(i);
    flux += c * load(piece.values + i);
    noise += c * c * load(piece.variances + i);
  };
  std::size_t i = 0;
  for (; i + 4 <= piece.size; i += 4) {
    add(i, flux0, noise0);
    add(i + 2, flux1, noise1);
  }
  double light = total(flux0 + flux1), squares = total(noise0 + noise1);
  for (; i < piece.size; ++i) {
    double const c = weight.one(i);
    light += c * double{piece.values[i]};
    squares += c * c * double{piece.variances[i]};
  }
  if (std::isfinite(light) && std::isfinite(squares)) {
    sums.flux += light;
    sums.noise += squares;
    return;
  }
  // Rare: some pixel is not finite. It is left out.
  for (i = 0; i < piece.size; ++i)
    if (std::isfinite(piece.values[i]) && std::isfinite(piece.variances[i])) {
      sums.flux += weight.one(i) * double{piece.values[i]};
      sums.noise += weight.one(i) * weight.one(i) * double{piece.variances[i]};
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
                                      Image<float> const& weights, Point centre, double radius) {
  if (!aperture_inside(image.bbox(), centre, radius)) return {nan, nan, true};
  Pixel const pixel = nearest_pixel(centre);
  Image<float> moved = shifted_aperture(weights, centre.x - pixel.x, centre.y - pixel.y);
  moved.set_origin({weights.bbox().x0 + pixel.x, weights.bbox().y0 + pixel.y});
  Box const box = intersection(moved.bbox(), image.bbox());

  Sums sums;
  Image<float> const& coefficients = moved;
  for (int y = box.y0; y <= box.y1(); ++y) {
    float const* const c =
        coefficients.row(y - coefficients.bbox().y0).data() + (box.x0 - coefficients.bbox().x0);
    add_piece(Piece(image, variance, y, box.x0, box.x1()), Weights{c}, sums);
  }
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
  for (int y = static_cast<int>(std::ceil(centre.y - largest)); y <= y1; ++y) {
    double const dy = y - centre.y;
    // The row's part inside the circle before: empty, and then where the row is nearest the centre.
    int inner_x0 = static_cast<int>(std::ceil(centre.x));
    int inner_x1 = inner_x0 - 1;
    for (std::size_t k = 0; k < count; ++k) {
      double const square = radii[k] * radii[k] - dy * dy;
      if (square < 0.0) continue;
      double const reach = std::sqrt(square);
      int const x0 = static_cast<int>(std::ceil(centre.x - reach));
      int const x1 = static_cast<int>(std::floor(centre.x + reach));
      if (x1 < x0) continue;
      add_piece(Piece(image, variance, y, x0, inner_x0 - 1), Ones{}, rings[k]);
      add_piece(Piece(image, variance, y, inner_x1 + 1, x1), Ones{}, rings[k]);
      inner_x0 = x0;
      inner_x1 = x1;
    }
  }
  Sums sums;
  for (std::size_t k = 0; k < count; ++k) {
    sums.flux += rings[k].flux;
    sums.noise += rings[k].noise;
    sums.bad_pixels = sums.bad_pixels || rings[k].bad_pixels;
    results[k] = result_of(sums);
  }
}

}  // namespace measurement

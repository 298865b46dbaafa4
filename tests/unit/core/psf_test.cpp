#include "almagest/psf.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include <doctest/doctest.h>

#include "almagest/error.hpp"

using namespace almagest;

namespace {

double sum(Image<double> const& image) {
  auto const pixels = image.pixels();
  return std::accumulate(pixels.begin(), pixels.end(), 0.0);
}

Point centroid(Image<double> const& image) {
  Point sums;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      sums.x += image(x, y) * (x + image.bbox().x0);
      sums.y += image(x, y) * (y + image.bbox().y0);
    }
  }
  return {sums.x / sum(image), sums.y / sum(image)};
}

/// A broad and a narrow Gaussian whose mixture changes over the field.
KernelPsf varying_psf() {
  Image<double> const broad = GaussianPsf(2.0, 31).kernel({});
  Image<double> const narrow = GaussianPsf(1.2, 31).kernel({});
  // Weights 1 + 0.5 y' and 2 x' + y' x', with x' = 0.001 x.
  return KernelPsf({{broad, {1.0, 0.5, 0.0, 0.0}}, {narrow, {0.0, 0.0, 2.0, 1.0}}}, 1, 1, 0.001);
}

}  // namespace

TEST_CASE("Lanczos shift: agrees with the direct two-dimensional sum") {
  // The formula of the science document, section 1, written without any separation.
  Image<double> image(Box{-3, -2, 9, 7});
  for (int y = 0; y < 7; ++y) {
    for (int x = 0; x < 9; ++x) image(x, y) = std::sin(3.0 * x + y * y) + 2.0;
  }
  auto const lanczos = [](double t) {
    double const a = std::numbers::pi * t;
    return t == 0.0 ? 1.0 : 5.0 * std::sin(a) * std::sin(a / 5.0) / (a * a);
  };
  for (auto const& [dx, dy] : {Point{0.3, -0.45}, Point{-0.01, 0.5}, Point{0.0, 0.7}}) {
    Image<double> const shifted = lanczos_shift(image, dx, dy);
    CHECK(shifted.bbox() == image.bbox());
    int const first_x = dx > 0.0 ? -4 : -5;
    int const first_y = dy > 0.0 ? -4 : -5;
    double norm = 0.0;
    for (int j = 0; j < 10; ++j) {
      for (int i = 0; i < 10; ++i) norm += lanczos(first_x + i - dx) * lanczos(first_y + j - dy);
    }
    for (int n = 0; n < 7; ++n) {
      for (int m = 0; m < 9; ++m) {
        double expected = 0.0;
        for (int j = first_y; j < first_y + 10; ++j) {
          for (int i = first_x; i < first_x + 10; ++i) {
            if (m - i < 0 || m - i > 8 || n - j < 0 || n - j > 6) continue;
            expected += image(m - i, n - j) * lanczos(i - dx) * lanczos(j - dy) / norm;
          }
        }
        CHECK(shifted(m, n) == doctest::Approx(expected).epsilon(1e-12));
      }
    }
  }
  CHECK(lanczos_shift(image, 0.0, 0.0).shares_pixels_with(image));
  CHECK_THROWS_AS(lanczos_shift(image, 1.0, 0.0), MeasurementError);
  CHECK_THROWS_AS(lanczos_shift(image, 0.0, std::nan("")), MeasurementError);
}

TEST_CASE("PSF stamp: light stands at the source's position, in the parent frame") {
  GaussianPsf const psf(1.6, 31);
  for (Point const p : {Point{100.4, 50.7}, Point{0.0, 0.0}, Point{-3.5, 12.49}}) {
    Image<double> const stamp = psf.stamp(p);
    Pixel const pixel = nearest_pixel(p);
    CHECK(stamp.bbox() == Box{pixel.x - 15, pixel.y - 15, 31, 31});
    Point const c = centroid(stamp);
    CHECK(std::abs(c.x - p.x) < 0.015);  // Lanczos-5 itself moves light by d ± 0.012 pixel
    CHECK(std::abs(c.y - p.y) < 0.015);
    CHECK(sum(stamp) == doctest::Approx(1.0).epsilon(1e-4));
    // Theory: the shifted Gaussian itself, to the interpolation's precision.
    for (Pixel const q : {pixel, Pixel{pixel.x + 2, pixel.y - 1}}) {
      double const r2 = (q.x - p.x) * (q.x - p.x) + (q.y - p.y) * (q.y - p.y);
      double const expected = std::exp(-0.5 * r2 / 2.56) / (2.0 * std::numbers::pi * 2.56);
      CHECK(stamp.at(q) == doctest::Approx(expected).epsilon(2e-3));
    }
  }
  double const infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(psf.stamp({infinity, 0.0}), MeasurementError);
  CHECK_THROWS_AS(psf.stamp({0.0, std::nan("")}), MeasurementError);
}

TEST_CASE("Gaussian PSF: normalised, round, of its own size") {
  GaussianPsf const psf(1.8, 25);
  Image<double> const kernel = psf.kernel({500.0, 3.0});
  CHECK(kernel.bbox() == Box{-12, -12, 25, 25});
  CHECK(sum(kernel) == doctest::Approx(1.0).epsilon(1e-14));
  CHECK(psf.shape({}).determinant_radius() == doctest::Approx(1.8).epsilon(1e-4));
  CHECK_THROWS_AS(GaussianPsf(0.0, 25), DataError);
  CHECK_THROWS_AS(GaussianPsf(1.5, 24), DataError);
}

TEST_CASE("kernel PSF: basis images are mixed by polynomials of the position, then normalised") {
  KernelPsf const psf = varying_psf();
  CHECK(psf.kernel_size() == 31);
  Point const p{800.0, 400.0};
  double const broad = 1.0 + 0.5 * 0.4;
  double const narrow = 2.0 * 0.8 + 0.8 * 0.4;
  Image<double> const kernel = psf.kernel(p);
  Image<double> const a = GaussianPsf(2.0, 31).kernel({});
  Image<double> const b = GaussianPsf(1.2, 31).kernel({});
  CHECK(sum(kernel) == doctest::Approx(1.0).epsilon(1e-14));
  for (Pixel const q : {Pixel{0, 0}, Pixel{3, -2}, Pixel{-15, 15}}) {
    CHECK(kernel.at(q) == doctest::Approx((broad * a.at(q) + narrow * b.at(q)) / (broad + narrow)));
  }
  CHECK(psf.shape({}).determinant_radius() == doctest::Approx(2.0).epsilon(1e-4));
  CHECK(psf.shape(p).determinant_radius() < 1.7);
  CHECK_THROWS_AS(psf.kernel({-5000.0, 0.0}), MeasurementError);  // its sum is negative there
}

TEST_CASE("kernel PSF: a basis that makes no sense is refused") {
  Image<double> const odd(31, 31);
  CHECK_THROWS_AS(KernelPsf({}, 0, 0, 1.0), DataError);
  CHECK_THROWS_AS(KernelPsf({{odd, {1.0, 2.0}}}, 0, 0, 1.0), DataError);
  CHECK_THROWS_AS(KernelPsf({{Image<double>(30, 30), {1.0}}}, 0, 0, 1.0), DataError);
  CHECK_THROWS_AS(KernelPsf({{Image<double>(31, 29), {1.0}}}, 0, 0, 1.0), DataError);
  CHECK_THROWS_AS(KernelPsf({{odd, {1.0}}, {Image<double>(29, 29), {1.0}}}, 0, 0, 1.0), DataError);
}

TEST_CASE("PSF state: a PSF made from its state is the same PSF") {
  KernelPsf const kernel_psf = varying_psf();
  auto const again = KernelPsf::from_state(kernel_psf.state());
  CHECK(again->state() == kernel_psf.state());
  Point const p{123.4, 987.6};
  Image<double> const stamp = kernel_psf.stamp(p);
  Image<double> const same = again->stamp(p);
  CHECK(stamp.bbox() == same.bbox());
  CHECK(std::equal(stamp.pixels().begin(), stamp.pixels().end(), same.pixels().begin()));

  GaussianPsf const gaussian(1.25, 21);
  auto const twin = GaussianPsf::from_state(gaussian.state());
  CHECK(twin->state() == gaussian.state());
  CHECK(twin->kernel_size() == 21);
}

TEST_CASE("PSF state: a damaged one is refused and named") {
  PsfState state = varying_psf().state();
  CHECK_THROWS_AS(GaussianPsf::from_state(state), DataError);
  PsfState missing = state;
  missing.arrays.erase("scale");
  CHECK_THROWS_WITH_AS(KernelPsf::from_state(missing),
                       "stored PSF of type 'almagest.KernelPsf/1': array 'scale' is missing",
                       DataError);
  PsfState cut = state;
  cut.arrays["images"].values.pop_back();
  CHECK_THROWS_AS(KernelPsf::from_state(cut), DataError);
  PsfState negative = state;
  negative.arrays["images"].shape = {-2, -31, 31};
  CHECK_THROWS_AS(KernelPsf::from_state(negative), DataError);
  PsfState uneven = state;
  uneven.arrays["coefficients"] = {{1, 2, 2}, {1.0, 0.0, 0.0, 0.0}};
  CHECK_THROWS_AS(KernelPsf::from_state(uneven), DataError);
}

TEST_CASE("unknown PSF: keeps its state, cannot be used") {
  PsfState const state{"psfex/psf/1", {{"x", {{2}, {1.0, 2.0}}}}};
  UnknownPsf const psf(state);
  CHECK(psf.state() == state);
  CHECK_THROWS_WITH_AS(psf.kernel({}),
                       "the PSF is of type 'psfex/psf/1', which no loaded plugin knows; is plugin "
                       "'psfex' on the plugin path?",
                       NotFoundError);
  CHECK_THROWS_AS(psf.stamp({}), NotFoundError);
  CHECK_THROWS_AS(psf.kernel_size(), NotFoundError);
}

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>

#include "almagest/psf.hpp"

#include "aperture_flux.hpp"
#include "psf_flux.hpp"
#include "sinc_aperture.hpp"
#include "test_field.hpp"

using namespace almagest;
using namespace measurement;
using std::numbers::pi;

namespace {

Box const frame{-30, 40, 101, 91};
float const not_a_number = std::numeric_limits<float>::quiet_NaN();

void add_stamp(Image<float>& image, Image<double> const& stamp, double flux) {
  Box const box = intersection(image.bbox(), stamp.bbox());
  for (int y = box.y0; y <= box.y1(); ++y)
    for (int x = box.x0; x <= box.x1(); ++x)
      image.at({x, y}) += static_cast<float>(flux * stamp.at({x, y}));
}

ApertureFluxResult plain_flux(Image<float> const& image, Point centre, double radius) {
  ApertureFluxResult result{};
  plain_aperture_fluxes(image, test_field::constant(image.bbox(), 2.0), centre, {&radius, 1},
                        {&result, 1});
  return result;
}

ApertureFluxResult sinc_flux(Image<float> const& image, Point centre, double radius,
                             ApertureBorder border = ApertureBorder::zero) {
  return sinc_aperture_flux(image, test_field::constant(image.bbox(), 2.0), sinc_aperture(radius),
                            centre, radius, border);
}

}  // namespace

TEST_CASE("PSF flux: a star's flux without noise, also where the side cuts it") {
  GaussianPsf const psf(1.5, 25);
  for (Point const p : {Point{10.3, 80.4}, Point{-29.2, 80.0}, Point{70.0, 130.4}}) {
    Image<float> image(frame);
    add_stamp(image, psf.stamp(p), 5000.0);
    PsfFluxResult const result = psf_flux(image, test_field::constant(frame, 2.0), psf.stamp(p));
    CHECK(result.flux == doctest::Approx(5000.0).epsilon(1e-5));
    CHECK(result.edge == (p.x != 10.3));
    CHECK(!result.bad_pixels);
  }
  // Σψ/Σψ² = 4πσ² for a Gaussian.
  PsfFluxResult const result =
      psf_flux(Image<float>(frame), test_field::constant(frame, 2.0), psf.stamp({10, 80}));
  CHECK(result.area == doctest::Approx(4.0 * pi * 1.5 * 1.5).epsilon(1e-3));
  CHECK(result.error == doctest::Approx(std::sqrt(2.0 * 4.0 * pi) * 1.5).epsilon(1e-3));
}

TEST_CASE("PSF flux: fluxes scatter as their errors say, without bias") {
  GaussianPsf const psf(1.5, 25);
  Image<double> const stamp = psf.stamp({20.4, 80.1});
  Box const box = stamp.bbox();
  std::mt19937 generator(17);
  test_field::Moments pull;
  for (int i = 0; i < 500; ++i) {
    Image<float> image(box);
    add_stamp(image, stamp, 300.0);
    test_field::add_noise(image, 3.0, generator);
    PsfFluxResult const result = psf_flux(image, test_field::constant(box, 9.0), stamp);
    pull.add((result.flux - 300.0) / result.error);
  }
  CHECK(std::abs(pull.mean()) < 0.15);
  CHECK(pull.scatter() == doctest::Approx(1.0).epsilon(0.1));
}

TEST_CASE("PSF flux: pixels that are not finite are left out, and only they") {
  GaussianPsf const psf(1.5, 25);
  Image<float> image(frame), variance = test_field::constant(frame, 2.0);
  add_stamp(image, psf.stamp({10.3, 80.4}), 5000.0);
  image.at({10, 80}) = not_a_number;
  variance.at({12, 81}) = not_a_number;
  PsfFluxResult const result = psf_flux(image, variance, psf.stamp({10.3, 80.4}));
  CHECK(result.flux == doctest::Approx(5000.0).epsilon(1e-5));
  CHECK(result.bad_pixels);
  PsfFluxResult const none = psf_flux(test_field::constant(frame, double{not_a_number}), variance,
                                      psf.stamp({10.3, 80.4}));
  CHECK(std::isnan(none.flux));
  CHECK(std::isnan(psf_flux(image, variance, psf.stamp({500.0, 500.0})).flux));  // off the image
}

TEST_CASE("sinc aperture: weights add up to the circle's area, at any radius and shift") {
  for (double const radius : {1.0, 3.0, 4.5, 6.0, 9.0, 10.0}) {
    Image<float> const weights = sinc_aperture(radius);
    double sum = 0.0;
    for (float const w : weights.pixels()) sum += double{w};
    CHECK(sum == doctest::Approx(pi * radius * radius).epsilon(1e-5));
  }
  // Science document: 31² for 6 and 7; m = max(3, ceil(log2 2r)).
  CHECK(sinc_aperture(6.0).width() == 31);
  CHECK(sinc_aperture(7.0).width() == 31);
  CHECK(sinc_aperture(3.0).width() == 15);
  CHECK(sinc_aperture(9.0).width() == 63);
}

TEST_CASE("sinc aperture: a flat field gives pi r² times its level") {
  Image<float> const flat = test_field::constant(frame, 3.0);
  for (Point const p : {Point{20.0, 85.0}, Point{20.37, 84.58}}) {
    ApertureFluxResult const result = sinc_flux(flat, p, 6.0);
    CHECK(result.flux == doctest::Approx(3.0 * pi * 36.0).epsilon(2e-3));
    CHECK(!result.truncated);
    CHECK(!result.weights_cut);
  }
}

TEST_CASE("sinc aperture: the light of a Gaussian inside a circle, wherever it falls") {
  // 1 − exp(−r²/2σ²), exactly: the image is band-limited. A pixel mask would err by per cents.
  // Lanczos-5 leaves up to 0.2 % of the sharpest circle (an independent FFT in Python says the
  // same).
  constexpr double sigma = 1.6;
  double worst_unshifted = 0.0;
  for (double const radius : {3.0, 4.5, 6.0})
    for (Point const p : {Point{20.0, 85.0}, Point{20.5, 85.25}, Point{19.8, 84.61}}) {
      Image<float> image(frame);
      test_field::add_gaussian(image, p, {sigma * sigma, sigma * sigma, 0.0}, 1e4);
      double const inside = 1e4 * (1.0 - std::exp(-0.5 * radius * radius / (sigma * sigma)));
      CHECK(sinc_flux(image, p, radius).flux == doctest::Approx(inside).epsilon(2e-3));
      double const unshifted = sinc_flux(image, p, radius, ApertureBorder::unshifted).flux;
      worst_unshifted = std::max(worst_unshifted, std::abs(unshifted / inside - 1.0));
    }
  // With the stack's border only the middle 6 × 6 of the 15 × 15 weights for radius 3 are moved.
  CHECK(worst_unshifted > 5e-3);
  CHECK(worst_unshifted < 2e-2);
}

TEST_CASE("sinc aperture: an unmoved circle stays, a moved one has its centroid moved") {
  for (ApertureBorder const border : {ApertureBorder::zero, ApertureBorder::unshifted}) {
    Image<float> const weights = sinc_aperture(3.0);
    Image<float> const same = shifted_aperture(weights, 0.0, 0.0, border);
    for (std::size_t i = 0; i < weights.pixels().size(); ++i)
      CHECK(same.pixels()[i] == doctest::Approx(double{weights.pixels()[i]}).epsilon(1e-6));
  }
  Image<float> const moved = shifted_aperture(sinc_aperture(4.5), 0.3, -0.2, ApertureBorder::zero);
  double sum = 0.0, x = 0.0, y = 0.0;
  for (int j = -8; j <= 8; ++j)
    for (int i = -8; i <= 8; ++i) {
      double const weight = moved.at({i, j});
      sum += weight;
      x += weight * i;
      y += weight * j;
    }
  CHECK(x / sum == doctest::Approx(0.3).epsilon(0.1));
  CHECK(y / sum == doctest::Approx(-0.2).epsilon(0.1));
}

TEST_CASE("sinc aperture: in the stack's way outer weights are not moved") {
  Image<float> const weights = sinc_aperture(3.0);
  // d > 0 along x: 5 columns before and 4 after; d ≤ 0 along y: 4 rows before and 5 after.
  Image<float> const moved = shifted_aperture(weights, 0.3, -0.2, ApertureBorder::unshifted);
  int unmoved_columns = 0, unmoved_rows = 0;
  for (int i = 0; i < 15; ++i) {
    unmoved_columns += moved(i, 7) == weights(i, 7);
    unmoved_rows += moved(7, i) == weights(7, i);
  }
  CHECK(unmoved_columns == 9);
  CHECK(unmoved_rows == 9);
  CHECK(moved(4, 7) == weights(4, 7));
  CHECK(moved(5, 7) != weights(5, 7));
  CHECK(moved(7, 3) == weights(7, 3));
  CHECK(moved(7, 4) != weights(7, 4));
}

TEST_CASE("plain apertures: pixels with their centre inside, counted one by one") {
  Image<float> const flat = test_field::constant(frame, 1.0);
  Point const p{20.3, 85.7};
  std::vector<double> const radii{11.0, 12.0, 17.0, 25.0};
  std::vector<ApertureFluxResult> results(radii.size());
  plain_aperture_fluxes(flat, test_field::constant(frame, 2.0), p, radii, results);
  for (std::size_t k = 0; k < radii.size(); ++k) {
    int count = 0;
    for (int y = frame.y0; y <= frame.y1(); ++y)
      for (int x = frame.x0; x <= frame.x1(); ++x)
        count += std::hypot(x - p.x, y - p.y) <= radii[k];
    CHECK(results[k].flux == doctest::Approx(count));
    CHECK(results[k].error == doctest::Approx(std::sqrt(2.0 * count)));
  }
}

TEST_CASE("apertures: a circle that leaves the image is NaN and says so") {
  Image<float> const flat = test_field::constant(frame, 1.0);
  // The frame's columns are -30 … 70: a circle of 6 at -24 needs pixel -30, at -24.6 pixel -31.
  CHECK(!sinc_flux(flat, {-24.0, 85.0}, 6.0).truncated);
  CHECK(sinc_flux(flat, {-24.0, 85.0}, 6.0).weights_cut);
  CHECK(sinc_flux(flat, {-24.6, 85.0}, 6.0).truncated);
  CHECK(std::isnan(sinc_flux(flat, {-24.6, 85.0}, 6.0).flux));
  CHECK(!plain_flux(flat, {20.0, 85.0}, 40.0).truncated);
  CHECK(plain_flux(flat, {20.0, 85.0}, 47.0).truncated);
  CHECK(std::isnan(plain_flux(flat, {20.0, 85.0}, 47.0).error));
}

TEST_CASE("apertures: a NaN pixel is left out and said") {
  Image<float> flat = test_field::constant(frame, 1.0);
  flat.at({22, 85}) = not_a_number;
  ApertureFluxResult const plain = plain_flux(flat, {20.0, 85.0}, 12.0);
  Image<float> const whole = test_field::constant(frame, 1.0);
  CHECK(plain.flux == doctest::Approx(plain_flux(whole, {20.0, 85.0}, 12.0).flux - 1.0));
  CHECK(plain.bad_pixels);
  ApertureFluxResult const sinc = sinc_flux(flat, {20.0, 85.0}, 6.0);
  CHECK(sinc.bad_pixels);
  CHECK(sinc.flux == doctest::Approx(pi * 36.0 - 1.0).epsilon(0.01));
}

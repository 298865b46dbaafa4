#include "weighted_psf_fit.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <random>

#include "almagest/error.hpp"
#include "almagest/psf.hpp"

#include "ext_psf_fit.hpp"
#include "sinc_taps.hpp"
#include "test_field.hpp"

using namespace almagest;
using namespace measurement;

namespace {

constexpr double sigma = 1.35;  // pixel: sampled well enough for 1e-4
constexpr double gain = 4.7;    // electrons per count
constexpr double sky_variance = 30.0;
constexpr Box frame{-20, 10, 61, 71};
Quadrupole const round{sigma * sigma, sigma* sigma, 0.0};
float const not_a_number = std::numeric_limits<float>::quiet_NaN();

/// A star and its noise; the mask is clear.
struct Field {
  Image<float> image{frame}, variance = test_field::constant(frame, sky_variance);
  Mask mask{frame};

  Field(Point star, double flux) {
    test_field::add_gaussian(image, star, round, flux);
    for (int y = frame.y0; y <= frame.y1(); ++y)
      for (int x = frame.x0; x <= frame.x1(); ++x)
        variance.at({x, y}) += image.at({x, y}) / static_cast<float>(gain);
  }
  void add_noise(std::mt19937& generator) {
    std::normal_distribution<double> normal;
    auto const v = variance.pixels();
    auto const values = image.pixels();
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] += static_cast<float>(std::sqrt(double{v[i]}) * normal(generator));
    // A real variance plane knows the noise of its pixels.
    for (std::size_t i = 0; i < values.size(); ++i)
      variance.pixels()[i] = static_cast<float>(sky_variance + double{values[i]} / gain);
  }
  PsfFitResult fit(Point start) const {
    return psf_fit(image, variance, mask, mask.bit("SAT"), GaussianPsf(sigma, 25).kernel(start),
                   start, 2.0);
  }
};

/// Cramér-Rao bounds of flux and x of a Gaussian star under sky and photon noise, by their
/// integrals: the Fisher matrix is diagonal.
struct Bound {
  double flux = 0.0, x = 0.0;
  explicit Bound(double f, Point star) {
    for (int y = frame.y0; y <= frame.y1(); ++y)
      for (int x_pixel = frame.x0; x_pixel <= frame.x1(); ++x_pixel) {
        double const u = x_pixel - star.x, v = y - star.y, s2 = sigma * sigma;
        double const psi = std::exp(-0.5 * (u * u + v * v) / s2) / (2.0 * std::numbers::pi * s2);
        double const noise = sky_variance + f * psi / gain;
        flux += psi * psi / noise;
        x += std::pow(f * psi * u / s2, 2) / noise;
      }
    flux = 1.0 / std::sqrt(flux);
    x = 1.0 / std::sqrt(x);
  }
};

}  // namespace

TEST_CASE("sinc taps: a Gaussian moves by any fraction, and their derivatives are derivatives") {
  constexpr double s = 1.5;
  auto const gaussian = [](double u) { return std::exp(-0.5 * u * u / (s * s)); };
  for (double const d : {-2.3, -0.5, -1e-7, 0.0, 0.25, 0.5, 1.0, 2.9}) {
    SincTaps const taps(d);
    for (double const at : {0.0, 1.0, 3.0}) {
      double moved = 0.0, slope = 0.0;
      for (int k = 0; k < SincTaps::count; ++k) {
        auto const i = static_cast<std::size_t>(k);
        moved += taps.weights[i] * gaussian(at - (taps.first + k));
        slope += taps.by_shift[i] * gaussian(at - (taps.first + k));
      }
      CHECK(std::abs(moved - gaussian(at - d)) < 1e-4);
      CHECK(std::abs(slope - gaussian(at - d) * (at - d) / (s * s)) < 3e-4);
    }
  }
}

TEST_CASE("PSF fit: a star without noise, wherever it stands and the fit begins") {
  for (Point const star : {Point{10.0, 40.0}, Point{10.31, 40.46}, Point{9.5, 39.5}})
    for (Point const away : {Point{0.0, 0.0}, Point{0.3, -0.2}, Point{-0.9, 0.7}}) {
      PsfFitResult const result = Field(star, 1e5).fit({star.x + away.x, star.y + away.y});
      CHECK(result.problem == PsfFitProblem::none);
      // The flux is less by the bias that noise would bring.
      double const bias = result.flux_error * result.flux_error / 1e5;
      CHECK(std::abs((result.flux + bias) / 1e5 - 1.0) < 1e-4);
      CHECK(std::abs(result.position.x - star.x) < 1e-4);
      CHECK(std::abs(result.position.y - star.y) < 1e-4);
      CHECK(!result.edge);
      CHECK(!result.left_out);
    }
}

TEST_CASE("PSF fit: flux and position scatter as little as noise allows, without bias") {
  std::mt19937 generator(5);
  std::uniform_real_distribution<double> fraction(-0.5, 0.5);
  // Signal to noise about 30, 300 and 1000.
  for (double const flux : {800.0, 23000.0, 217000.0}) {
    test_field::Moments pull_flux, pull_position, flux_bound, position_bound, chi2;
    constexpr int stars = 1200;  // their scatter is known to 2 % (flux) and 1.5 % (position)
    for (int i = 0; i < stars; ++i) {
      Point const star{10.0 + fraction(generator), 40.0 + fraction(generator)};
      Field field(star, flux);
      field.add_noise(generator);
      PsfFitResult const result = field.fit({star.x + 0.02, star.y - 0.03});
      REQUIRE(result.problem == PsfFitProblem::none);
      Bound const bound(flux, star);
      double const dx = result.position.x - star.x, dy = result.position.y - star.y;
      pull_flux.add((result.flux - flux) / result.flux_error);
      pull_position.add(dx / result.x_error);
      pull_position.add(dy / result.y_error);
      flux_bound.add((result.flux - flux) / bound.flux);
      position_bound.add(dx / bound.x);
      position_bound.add(dy / bound.x);
      chi2.add(result.chi2);
    }
    CAPTURE(flux);
    CHECK(pull_flux.scatter() == doctest::Approx(1.0).epsilon(0.05));
    CHECK(pull_position.scatter() == doctest::Approx(1.0).epsilon(0.05));
    CHECK(flux_bound.scatter() == doctest::Approx(1.0).epsilon(0.05));
    CHECK(position_bound.scatter() == doctest::Approx(1.0).epsilon(0.05));
    CHECK(std::abs(flux_bound.mean()) < 3.0 / std::sqrt(double{stars}));
    CHECK(chi2.mean() == doctest::Approx(1.0).epsilon(0.01));
  }
}

TEST_CASE("PSF fit: faint stars are not too bright for all that the fit is drawn to their noise") {
  std::mt19937 generator(6);
  test_field::Moments relative;
  constexpr double flux = 250.0;  // signal to noise 9: maximum likelihood alone has 1.1 % too much
  constexpr int stars = 4000;     // which is five times the error of the mean
  for (int i = 0; i < stars; ++i) {
    Field field({10.2, 40.3}, flux);
    field.add_noise(generator);
    PsfFitResult const result = field.fit({10.2, 40.3});
    if (result.problem == PsfFitProblem::none) relative.add(result.flux / flux - 1.0);
  }
  CHECK(relative.count > 0.999 * stars);
  CHECK(std::abs(relative.mean()) < 2.5 * relative.scatter() / std::sqrt(double{stars}));
}

TEST_CASE("PSF fit: bad pixels are left out, and only they") {
  Point const star{10.3, 40.4};
  Field field(star, 1e5);
  double const expected = field.fit(star).flux;
  field.image.at({10, 40}) = not_a_number;
  field.variance.at({11, 41}) = 0.0F;
  field.variance.at({9, 40}) = not_a_number;
  field.image.at({12, 40}) = 9e9F;
  field.mask.image().at({12, 40}) = field.mask.bit("SAT");
  PsfFitResult const result = field.fit(star);
  CHECK(result.problem == PsfFitProblem::none);
  CHECK(result.left_out);
  CHECK(std::abs(result.flux / expected - 1.0) < 1e-4);
  CHECK(std::abs(result.position.x - star.x) < 1e-3);

  for (float& value : field.image.pixels()) value = not_a_number;
  PsfFitResult const none = field.fit(star);
  CHECK(none.problem == PsfFitProblem::no_good_pixels);
  CHECK(std::isnan(none.flux));
}

TEST_CASE("PSF fit: a star that the image's side cuts is flagged, one outside is not measured") {
  Point const star{-18.2, 40.4};
  PsfFitResult const cut = Field(star, 1e5).fit({-18.0, 40.0});
  CHECK(cut.edge);
  CHECK(cut.problem == PsfFitProblem::none);
  CHECK(std::abs(cut.flux / 1e5 - 1.0) < 1e-3);
  CHECK(Field(star, 1e5).fit({-24.0, 40.0}).problem == PsfFitProblem::no_good_pixels);
  CHECK(Field(star, 1e5).fit({1e6, 40.0}).problem == PsfFitProblem::no_good_pixels);
}

TEST_CASE("PSF fit: without light there is no place that fits best") {
  Field field({10.0, 40.0}, 0.0);
  PsfFitResult const empty = field.fit({10.2, 40.2});
  CHECK(empty.problem == PsfFitProblem::no_convergence);
  CHECK(empty.flux == 0.0);
  CHECK(empty.flux_error == doctest::Approx(Bound(0.0, {10.2, 40.2}).flux).epsilon(1e-3));
  CHECK(empty.position == Point{10.2, 40.2});
  // A slope rising out of the stamp draws the fit away.
  for (int y = frame.y0; y <= frame.y1(); ++y)
    for (int x = frame.x0; x <= frame.x1(); ++x)
      field.image.at({x, y}) = static_cast<float>(100 + 20 * x);
  CHECK(field.fit({10.2, 40.2}).problem == PsfFitProblem::no_convergence);
}

TEST_CASE("PSF fit: a dark PSF, or one that has no centre, is refused") {
  Field const field({10.0, 40.0}, 1e4);
  auto const fit = [&](Image<double> const& kernel, Point start) {
    psf_fit(field.image, field.variance, field.mask, 0, kernel, start, 2.0);
  };
  CHECK_THROWS_AS(fit(Image<double>(Box{-3, -3, 7, 7}), {10, 40}), MeasurementError);
  CHECK_THROWS_AS(fit(Image<double>(Box{0, 0, 7, 7}), {10, 40}), MeasurementError);
  CHECK_THROWS_AS(fit(GaussianPsf(sigma, 25).kernel({}), {std::nan(""), 40}), MeasurementError);
}

TEST_CASE("PSF fit: a shift beyond what the PSF's margin holds is refused") {
  Field const field({10.0, 40.0}, 1e4);
  auto const fit = [&](double max_shift) {
    return psf_fit(field.image, field.variance, field.mask, 0, GaussianPsf(sigma, 25).kernel({}),
                   {10.5, 39.5}, max_shift);
  };
  CHECK(fit(max_psf_shift).problem == PsfFitProblem::none);
  for (double const wrong : {2.51, -0.1, std::nan("")}) CHECK_THROWS_AS(fit(wrong), ConfigError);
}

TEST_CASE("PSF fit: three pixels do not tell three unknowns and how well they fit") {
  Image<double> kernel(Box{-1, -1, 3, 3});
  for (double& value : kernel.pixels()) value = 0.05;
  kernel.at({0, 0}) = 0.6;  // of the light, on one pixel
  Field field({10.0, 40.0}, 1e4);
  auto const fit = [&] {
    return psf_fit(field.image, field.variance, field.mask, field.mask.bit("SAT"), kernel,
                   {10.0, 40.0}, 2.0);
  };
  for (int y = 39; y <= 41; ++y)
    for (int x = 9; x <= 11; ++x)
      if (y != 40) field.mask.image().at({x, y}) = field.mask.bit("SAT");
  CHECK(fit().problem == PsfFitProblem::no_good_pixels);  // three are left
  CHECK(std::isnan(fit().flux));
  field.mask.image().at({10, 41}) = 0;
  CHECK(fit().problem != PsfFitProblem::no_good_pixels);
}

TEST_CASE("ext_psfFit_PsfFit: columns and flags; the centroid is left alone") {
  Field const field({10.3, 40.4}, 1e5);
  MaskedImage pixels(frame);
  pixels.image = field.image;
  pixels.variance = field.variance;
  Exposure exposure(std::move(pixels));
  Footprint const print({{40, 8, 12}}, {{{10, 40}, 100.0F}});
  PsfFit algorithm;
  Schema schema = Schema::minimal_source();
  algorithm.declare(schema, "a");
  SourceCatalog table(schema, 1);
  SourceRecord record{table, 0, print, exposure, {10.2, 40.5}, false};
  CHECK_THROWS_AS(algorithm.measure(record), DataError);  // no PSF

  exposure.psf = std::make_shared<GaussianPsf>(sigma, 25);
  algorithm.measure(record);
  CHECK(table.get(0, schema.key<double>("a_instFlux")) == doctest::Approx(1e5).epsilon(1e-3));
  CHECK(table.get(0, schema.key<double>("a_x")) == doctest::Approx(10.3).epsilon(1e-4));
  CHECK(table.get(0, schema.key<float>("a_xErr")) > 0.0F);
  CHECK_FALSE(table.get(0, schema.key<bool>("a_flag")));
  CHECK(record.centroid == Point{10.2, 40.5});

  for (Pixel const p : {Pixel{9, 40}, Pixel{10, 40}, Pixel{11, 40}, Pixel{10, 41}, Pixel{10, 39}})
    exposure.mask().image().at(p) = exposure.mask().bit("INTRP");
  algorithm.measure(record);
  CHECK(table.get(0, schema.key<bool>("a_flag_badPixels")));
  CHECK(std::isnan(table.get(0, schema.key<double>("a_instFlux"))) ==
        table.get(0, schema.key<bool>("a_flag_noGoodPixels")));
}

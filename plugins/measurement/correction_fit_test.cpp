#include "correction_fit.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include <vector>

#include "almagest/error.hpp"

using namespace almagest;
using measurement::CorrectionFit;
using measurement::fit_correction;

namespace {

constexpr Box box{0, 0, 2000, 1000};

measurement::CorrectionFitOptions const fixed_order{.order = 2, .cross_validate = false};

// A plane in pixels.
double plane(Point p) {
  return 1.02 + 2e-5 * p.x - 3e-5 * p.y;
}

std::vector<Chebyshev2::Sample> stars(int count) {
  std::vector<Chebyshev2::Sample> samples;
  for (int i = 0; i < count; ++i) {
    Point const p{53.0 + (i * 617) % 1900, 31.0 + (i * 389) % 950};
    samples.push_back({p, plane(p), 1.0});
  }
  return samples;
}

}  // namespace

TEST_CASE("correction fit: a plane comes back as it is, at every order that holds it") {
  for (int const count : {4, 5, 7, 30}) {  // order 1 from 4 stars, order 2 from 7
    CAPTURE(count);
    CorrectionFit const fit = fit_correction(box, stars(count), fixed_order);
    CHECK(fit.field.order_x() == (count < 7 ? 1 : 2));
    for (Point const p : {Point{0, 0}, Point{1000, 500}, Point{1999, 999}})
      CHECK(fit.field(p) == doctest::Approx(plane(p)).epsilon(1e-9));
    CHECK(fit.used == static_cast<std::size_t>(count));
    CHECK(fit.scatter < 1e-9);
  }
}

TEST_CASE("correction fit: cross-validation takes the order that the stars show") {
  auto const order_of = [](auto const& field) {
    auto samples = stars(25);
    // Noise of 1 %, different for each star, always the same.
    for (std::size_t i = 0; i < samples.size(); ++i)
      samples[i].value = field(samples[i].position) + 0.01 * std::sin(37.0 * double(i * i));
    return fit_correction(box, samples, {.order = 4, .cross_validate = true}).field.order_x();
  };
  CHECK(order_of([](Point) { return 1.0; }) == 0);
  CHECK(order_of([](Point p) { return 1.0 + 1e-4 * p.x; }) == 1);
  CHECK(order_of([](Point p) { return 1.0 + 2e-7 * (p.x - 900.0) * (p.x - 900.0); }) == 2);
}

TEST_CASE("correction fit: one star off by a half is dropped") {
  auto samples = stars(40);
  samples[11].value += 0.5;
  CorrectionFit const fit = fit_correction(box, samples, fixed_order);
  CHECK(fit.used == 39);
  CHECK(fit.field({1000, 500}) == doctest::Approx(plane({1000, 500})).epsilon(1e-9));
  CHECK(fit_correction(box, samples, {.clip_passes = 0}).used == 40);
}

TEST_CASE("correction fit: stars that are dropped do not choose the order") {
  auto samples = stars(25);
  for (std::size_t i = 0; i < samples.size(); ++i)
    samples[i].value = 1.0 + 1e-5 * samples[i].position.x + 1e-4 * std::sin(37.0 * double(i * i));
  samples[11].value += 5.0;
  CorrectionFit const fit = fit_correction(box, samples, {});
  CHECK(fit.used == 24);
  CHECK(fit.field.order_x() == 1);
}

TEST_CASE(
    "correction fit: many stars, left out in groups, show a curve as clearly as single ones") {
  auto const curve = [](Point p) { return 1.0 + 2e-7 * (p.x - 900.0) * (p.x - 900.0); };
  for (int const count : {60, 61, 119, 500, 2000}) {
    CAPTURE(count);
    auto samples = stars(count);
    for (std::size_t i = 0; i < samples.size(); ++i)
      samples[i].value = curve(samples[i].position) + 0.01 * std::sin(37.0 * double(i * i));
    CorrectionFit const fit = fit_correction(box, samples, {});
    CHECK(fit.field.order_x() >= 2);
    CHECK(fit.used == samples.size());
    double squares = 0.0;
    for (auto const& star : samples)
      squares += std::pow(fit.field(star.position) - curve(star.position), 2);
    // Noise of 0.007 rms leaves √(terms/stars) of itself: at most ten terms.
    CHECK(std::sqrt(squares / count) < 2.0 * 0.007 * std::sqrt(10.0 / count));
  }
}

TEST_CASE("correction fit: two stars give their mean, one its own ratio, none an error") {
  std::vector<Chebyshev2::Sample> const two{{{10, 10}, 1.0, 1.0}, {{500, 800}, 1.1, 1.0}};
  CorrectionFit const fit = fit_correction(box, two, {});
  CHECK(fit.field.order_x() == 0);
  CHECK(fit.field({1500, 20}) == doctest::Approx(1.05));
  CHECK(fit.mean == doctest::Approx(1.05));
  CHECK(fit.scatter == doctest::Approx(0.05));
  CHECK(fit_correction(box, std::span(two).first(1), {}).field({3, 3}) == doctest::Approx(1.0));
  CHECK_THROWS_AS(fit_correction(box, {}, {}), DataError);
}

TEST_CASE("correction fit: stars on one line do not fail; they give a constant") {
  std::vector<Chebyshev2::Sample> line;
  for (int i = 0; i < 5; ++i) line.push_back({{100.0 + 50.0 * i, 100.0 + 25.0 * i}, 1.2, 1.0});
  CorrectionFit const fit = fit_correction(box, line, {});
  CHECK(fit.field.order_x() == 0);
  CHECK(fit.field({1900, 5}) == doctest::Approx(1.2));
}

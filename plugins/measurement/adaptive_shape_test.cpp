#include "adaptive_shape.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

#include "gaussian_flux.hpp"
#include "test_field.hpp"

using namespace almagest;
using namespace measurement;

namespace {

Box const frame{50, 60, 81, 81};
Point const centre{90.3, 100.2};
Image<float> const flat_variance = test_field::constant(frame, 4.0);

Image<float> source(Quadrupole const& q, double flux = 1e5) {
  Image<float> image(frame);
  test_field::add_gaussian(image, centre, q, flux);
  return image;
}

}  // namespace

TEST_CASE("shape: a Gaussian's own moments are found, whatever its size and direction") {
  for (Quadrupole const& q :
       {Quadrupole{1.2, 1.2, 0.0}, Quadrupole{4.0, 2.0, 1.0}, Quadrupole{20.0, 35.0, -12.0}}) {
    Shape const shape = adaptive_shape(source(q), flat_variance, centre);
    CHECK(!shape.failed());
    // The weight ends at E = 14, and the iteration at 1e-4 of the size.
    CHECK(shape.moments.xx == doctest::Approx(q.xx).epsilon(2e-3));
    CHECK(shape.moments.yy == doctest::Approx(q.yy).epsilon(2e-3));
    CHECK(std::abs(shape.moments.xy - q.xy) < 2e-3 * q.xx);
    CHECK(std::abs(shape.centroid.x - centre.x) < 1e-3);
  }
}

TEST_CASE("shape: moments scatter as their errors say") {
  std::mt19937 generator(9);
  Quadrupole const q{3.0, 2.0, 0.5};
  test_field::Moments xx, yy, xy;
  for (int i = 0; i < 300; ++i) {
    Image<float> image = source(q, 2000.0);
    test_field::add_noise(image, 2.0, generator);
    Shape const shape = adaptive_shape(image, flat_variance, centre);
    REQUIRE(!shape.failed());
    xx.add((shape.moments.xx - q.xx) / shape.errors.xx);
    yy.add((shape.moments.yy - q.yy) / shape.errors.yy);
    xy.add((shape.moments.xy - q.xy) / shape.errors.xy);
  }
  for (auto const& pull : {xx, yy, xy}) {
    CHECK(std::abs(pull.mean()) < 0.25);
    CHECK(pull.scatter() == doctest::Approx(1.0).epsilon(0.15));
  }
}

TEST_CASE("shape: a source narrower than a pixel is sampled finer, without failing") {
  Image<float> image(frame);
  image.at({90, 100}) = 1000.0F;
  Shape const shape = adaptive_shape(image, flat_variance, {90.0, 100.0});
  CHECK(std::isfinite(shape.moments.xx));
  CHECK(shape.moments.xx > 0.0);
  CHECK(shape.moments.xx < 0.5);
}

TEST_CASE("shape: errors of a narrow source do not see how finely it is sampled") {
  auto const error = [&](double size, ShapeQuirks const& quirks) {
    Shape const shape = adaptive_shape(source({size, size, 0.0}), flat_variance, centre, quirks);
    CHECK(!shape.failed());
    return shape.errors.xx;
  };
  // Below 0.25 pixel² the weight is sampled finer. For a given flux errors go as size^1.5 ...
  double const wide = error(0.5, {}), narrow = error(0.2, {});
  CHECK(narrow == doctest::Approx(wide * std::pow(0.2 / 0.5, 1.5)).epsilon(0.5));
  // ... but in the stack's way they are 16 times smaller below it: the flux is 16 times larger.
  CHECK(error(0.5, {.sum_subpixels = true}) == wide);
  CHECK(error(0.2, {.sum_subpixels = true}) == doctest::Approx(narrow / 16.0));
}

TEST_CASE("shape: without light nothing is measured, and that is said") {
  Shape const nothing = adaptive_shape(Image<float>(frame), flat_variance, centre);
  CHECK(nothing.unweighted_bad);
  CHECK(nothing.failed());
  CHECK(std::isnan(nothing.moments.xx));
  Shape const hole = adaptive_shape(source({3, 3, 0}, -1e5), flat_variance, centre);
  CHECK(hole.unweighted_bad);
}

TEST_CASE("shape: a NaN pixel in the wing counts as sky") {
  Image<float> image = source({3.0, 3.0, 0.0});
  image.at({95, 100}) = std::numeric_limits<float>::quiet_NaN();
  Shape const shape = adaptive_shape(image, flat_variance, centre);
  CHECK(shape.moments.yy == doctest::Approx(3.0).epsilon(0.1));
}

TEST_CASE("shape: plain moments do not depend on how finely the weight was sampled") {
  // Faint narrow sources in noise: some fail, and few of those after the weight was narrow.
  Box const small{0, 0, 41, 41};
  Image<float> const variance = test_field::constant(small, 1.0);
  std::mt19937 generator(1);
  int larger = 0, failed = 0;
  for (int i = 0; i < 1000; ++i) {
    Image<float> image(small);
    test_field::add_gaussian(image, {20.0, 20.0}, {0.3, 0.3, 0.0}, 5.0);
    test_field::add_noise(image, 1.0, generator);
    Shape const shape = adaptive_shape(image, variance, {20.0, 20.0});
    Shape const stack =
        adaptive_shape(image, variance, {20.0, 20.0}, {.unweighted_subpixels = true});
    if (!shape.unweighted) continue;
    ++failed;
    if (stack.moments.xx == shape.moments.xx) continue;
    ++larger;
    CHECK(stack.moments.xx == doctest::Approx(shape.moments.xx + 5.0 / 64.0));
    CHECK(stack.moments.yy == doctest::Approx(shape.moments.yy + 5.0 / 64.0));
    CHECK(stack.moments.xy == shape.moments.xy);
  }
  CHECK(larger > 0);
  CHECK(larger < failed / 4);
}

TEST_CASE("plain moments: the sixteen places of a pixel add 5/64 to both axes") {
  Image<float> image(frame);
  image.at({90, 100}) = 3.0F;
  WeightedSums const whole = plain_sums(image, frame, {90, 100}, false);
  WeightedSums const parts = plain_sums(image, frame, {90, 100}, true);
  CHECK(whole.mean_moments().xx == 0.0);
  CHECK(parts.mean_moments().xx == doctest::Approx(5.0 / 64.0));
  CHECK(parts.mean_moments().yy == doctest::Approx(5.0 / 64.0));
  CHECK(parts.flux == whole.flux);
}

TEST_CASE("weighted sums: the recurrence gives what exponentials give") {
  std::mt19937 generator(1);
  Image<float> image(frame);
  test_field::add_noise(image, 5.0, generator);
  // Broad ones, one as narrow as is sampled at the pixels' centres, and a thin inclined one.
  for (Quadrupole const& q : {Quadrupole{9.0, 5.0, -3.0}, Quadrupole{400.0, 300.0, 100.0},
                              Quadrupole{0.26, 0.26, 0.0}, Quadrupole{0.3, 60.0, 4.2}}) {
    Quadrupole const w = inverse(q).value();
    Box const box = weight_box(frame, centre, q);
    WeightedSums expected;
    for (int y = box.y0; y <= box.y1(); ++y)
      for (int x = box.x0; x <= box.x1(); ++x) {
        double const u = x - centre.x, v = y - centre.y;
        double const e = w.xx * u * u + w.yy * v * v + 2.0 * w.xy * u * v;
        if (e > 14.0) continue;
        double const light = std::exp(-0.5 * e) * double{image.at({x, y})};
        expected.flux += light;
        expected.x += light * u;
        expected.moments.xx += light * u * u;
        expected.moments.yy += light * v * v;
        expected.moments.xy += light * u * v;
      }
    WeightedSums const found = weighted_sums(image, box, centre, w, false);
    CHECK(found.flux == doctest::Approx(expected.flux).epsilon(1e-11));
    CHECK(found.x == doctest::Approx(expected.x).epsilon(1e-11));
    CHECK(found.moments.xx == doctest::Approx(expected.moments.xx).epsilon(1e-11));
    CHECK(found.moments.yy == doctest::Approx(expected.moments.yy).epsilon(1e-11));
    CHECK(found.moments.xy == doctest::Approx(expected.moments.xy).epsilon(1e-11));
  }
}

TEST_CASE("Gaussian flux: all of a Gaussian's light, with the error of a matched filter") {
  Quadrupole const q{4.0, 2.0, 1.0};
  GaussianFluxResult const result = gaussian_flux(source(q), flat_variance, centre, q);
  CHECK(result.flux == doctest::Approx(1e5).epsilon(2e-3));  // the weight ends at E = 14
  // 2·√(v·π·√det Q): the noise of Σ w d/Σ w² for white noise.
  CHECK(result.error ==
        doctest::Approx(2.0 * std::sqrt(4.0 * std::numbers::pi * std::sqrt(q.determinant()))));
}

TEST_CASE("Gaussian flux: a source narrower than half a pixel has its own flux") {
  Image<float> image(frame);
  image.at({90, 100}) = 1000.0F;
  Point const pixel{90.0, 100.0};
  Quadrupole const q = adaptive_shape(image, flat_variance, pixel).moments;
  double const flux = gaussian_flux(image, flat_variance, pixel, q).flux;
  CHECK(flux == doctest::Approx(1000.0).epsilon(0.15));  // a pixel is no Gaussian
  // In the stack's way the 16 places of the pixel are added.
  CHECK(gaussian_flux(image, flat_variance, pixel, q, {.sum_subpixels = true}).flux == 16.0 * flux);
}

TEST_CASE("Gaussian flux: the variance is that of the pixel that holds the centre") {
  Image<float> variance = test_field::constant(frame, 1.0);
  variance.at({90, 100}) = 4.0F;
  variance.at({91, 101}) = 9.0F;
  Quadrupole const q{4.0, 4.0, 0.0};
  Point const p{90.7, 100.8};
  auto const error = [&](GaussianFluxQuirks const& quirks) {
    return gaussian_flux(source(q), variance, p, q, quirks).error;
  };
  double const of_one = 2.0 * std::sqrt(std::numbers::pi * 4.0);
  CHECK(error({}) == doctest::Approx(3.0 * of_one));
  CHECK(error({.truncate_centre = true}) == doctest::Approx(2.0 * of_one));
}

TEST_CASE("Gaussian flux: moments that allow none give NaN") {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  Image<float> const image = source({3, 3, 0});
  auto const flux = [&](Quadrupole const& q) {
    return gaussian_flux(image, flat_variance, centre, q);
  };
  CHECK(std::isnan(flux({nan, nan, nan}).flux));
  CHECK(std::isnan(flux({nan, nan, nan}).error));
  CHECK(std::isnan(flux({1e-4, 1e-4, 0.0}).error));
  CHECK(std::isnan(flux({4000.0, 4000.0, 0.0}).flux));  // det Q > 2^23: the error stays
  CHECK(flux({4000.0, 4000.0, 0.0}).error > 0.0);
}

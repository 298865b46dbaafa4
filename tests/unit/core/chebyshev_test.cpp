#include "almagest/chebyshev.hpp"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include "almagest/error.hpp"

using namespace almagest;

namespace {

/// T_n(t) = cos(n arccos t), valid inside the box.
double chebyshev(int n, double t) {
  return std::cos(n * std::acos(t));
}

Chebyshev2 example(Box box) {
  return {box, 3, 2, {100.0, -3.0, 0.5, 2.0, 0.25, -0.125, 1.5, 0.0, 0.75, -0.5, 0.3, 0.2}};
}

}  // namespace

TEST_CASE("Chebyshev: a series is the sum of cosines over the box's pixel edges") {
  Box const box{10, -20, 200, 100};
  Chebyshev2 const f = example(box);
  for (Point const p : {Point{10.0, -20.0}, Point{33.3, 17.0}, Point{209.0, 79.0}}) {
    double const tx = (2.0 * (p.x - 10.0) + 1.0) / 200.0 - 1.0;
    double const ty = (2.0 * (p.y + 20.0) + 1.0) / 100.0 - 1.0;
    double expected = 0.0;
    for (int i = 0; i <= 3; ++i) {
      for (int j = 0; j <= 2; ++j) {
        expected += f.coefficients()[static_cast<std::size_t>(3 * i + j)] * chebyshev(i, tx) *
                    chebyshev(j, ty);
      }
    }
    CHECK(f(p) == doctest::Approx(expected).epsilon(1e-14));
  }
  CHECK(Chebyshev2::constant(box, 4.5)({1e6, -3.0}) == 4.5);
  CHECK(Chebyshev2()({1.0, 2.0}) == 0.0);
}

TEST_CASE("Chebyshev: the model is rounded to float before it is subtracted") {
  Box const box{5, 7, 67, 41};
  Chebyshev2 const f = example(box);
  Image<float> const model = f.image();
  CHECK(model.bbox() == box);

  // An image that sticks out of the model's box, in the parent frame.
  Image<float> image(Box{3, 10, 40, 50});
  for (float& v : image.pixels()) v = 1234.5F;
  f.subtract_from(image);
  for (Pixel const p : {Pixel{5, 10}, Pixel{42, 47}, Pixel{20, 30}}) {
    CHECK(model.at(p) == doctest::Approx(f({1.0 * p.x, 1.0 * p.y})).epsilon(1e-7));
    CHECK(image.at(p) == 1234.5F - model.at(p));
  }
  CHECK(image.at({3, 59}) == doctest::Approx(1234.5 - f({3.0, 59.0})).epsilon(1e-7));
}

TEST_CASE("Chebyshev: a fit finds the series it is given, and only terms of the order") {
  Box const box{0, 0, 2048, 1361};
  std::vector<Chebyshev2::Sample> samples;
  Chebyshev2 const truth(box, 2, 2, {95.0, 0.5, -0.25, 1.0, 0.125, 0.0, -0.75, 0.0, 0.0});
  for (int j = 0; j < 3; ++j) {
    for (int i = 0; i < 5; ++i) {
      Point const p{409.6 * (i + 0.5), 453.7 * (j + 0.5)};
      samples.push_back({p, truth(p), 1.0 + i});
    }
  }
  Chebyshev2 const fitted = Chebyshev2::fit(box, 2, samples);
  for (std::size_t k = 0; k < 9; ++k) {
    CHECK(fitted.coefficients()[k] == doctest::Approx(truth.coefficients()[k]).epsilon(1e-12));
  }
  CHECK(Chebyshev2(fitted.box(), 2, 2, fitted.coefficients()) == fitted);
}

TEST_CASE("Chebyshev: the weight multiplies the squared residual") {
  // Theory: of two values at one place, a constant fit is the weighted mean.
  std::vector<Chebyshev2::Sample> const samples{{{5, 5}, 1.0, 3.0}, {{5, 5}, 2.0, 1.0}};
  CHECK(Chebyshev2::fit({0, 0, 10, 10}, 0, samples)({2, 2}) == doctest::Approx(1.25));
}

TEST_CASE("Chebyshev: what cannot be fitted is refused") {
  Box const box{0, 0, 100, 100};
  std::vector<Chebyshev2::Sample> line;
  for (int k = 0; k < 10; ++k) line.push_back({{10.0 * k, 10.0 * k}, 1.0, 1.0});
  CHECK_THROWS_AS(Chebyshev2::fit(box, 1, line), DataError);
  CHECK_THROWS_AS(Chebyshev2::fit(box, 4, line), DataError);  // 15 terms
  CHECK_THROWS_AS(Chebyshev2::fit(box, -1, line), DataError);
  CHECK_THROWS_AS(Chebyshev2::fit(box, 0, {}), DataError);
  line[3].value = std::nan("");
  CHECK_THROWS_AS(Chebyshev2::fit(box, 0, line), DataError);
  CHECK_THROWS_AS(Chebyshev2(box, 1, 1, {1.0}), DataError);
  CHECK_THROWS_AS(Chebyshev2(Box{}, 0, 0, {1.0}), DataError);
}

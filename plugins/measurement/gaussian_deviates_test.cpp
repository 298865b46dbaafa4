#include "gaussian_deviates.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

using namespace measurement;

TEST_CASE("deviates: the sequence of the science document, by an independent implementation") {
  // NumPy's Mersenne twister and a ziggurat in Python, written from the document's text.
  GaussianDeviates deviates(4357);
  std::array<double, 6> const first{0.7648734260123836,  -1.1307312946152623, 0.4523361654196501,
                                    -0.4518174592720265, 1.364676540825682,   0.3553650119214689};
  for (double const expected : first) CHECK(deviates.next() == doctest::Approx(expected));
  // Later ones: in the 2588th the tail has been used.
  double value = 0.0;
  for (int i = 6; i <= 2588; ++i) value = deviates.next();
  CHECK(value == doctest::Approx(-3.4890077618817843));
  for (int i = 2589; i <= 6002; ++i) value = deviates.next();
  CHECK(value == doctest::Approx(-4.526307171908787));
  for (int i = 6003; i <= 99999; ++i) value = deviates.next();
  CHECK(value == doctest::Approx(2.0923523305564653));
}

TEST_CASE("deviates: mean, moments and tails are those of a normal distribution") {
  constexpr int count = 1000000;
  GaussianDeviates deviates(20260101);
  double sum = 0.0, squares = 0.0, fourth = 0.0;
  std::array<int, 5> beyond{};
  for (int i = 0; i < count; ++i) {
    double const x = deviates.next();
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
    for (std::size_t k = 0; k < beyond.size(); ++k) beyond[k] += std::abs(x) > double(k);
  }
  // Four standard deviations of what is counted.
  CHECK(std::abs(sum / count) < 4e-3);
  CHECK(std::abs(squares / count - 1.0) < 4.0 * std::sqrt(2.0 / count));
  CHECK(std::abs(fourth / count - 3.0) < 4.0 * std::sqrt(96.0 / count));
  for (std::size_t k = 1; k < beyond.size(); ++k) {
    double const expected = count * std::erfc(double(k) / std::sqrt(2.0));
    CHECK(std::abs(beyond[k] - expected) < 4.0 * std::sqrt(expected));
  }
}

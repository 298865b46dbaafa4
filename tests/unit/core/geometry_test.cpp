#include "almagest/geometry.hpp"

#include <doctest/doctest.h>

using almagest::radians_per_arcsec;
using almagest::radians_per_degree;
using almagest::separation;
using almagest::SkyPoint;

TEST_CASE("separation: a micro-arcsecond keeps its digits at any declination") {
  double const step = 1e-6 * radians_per_arcsec;
  for (double const dec : {0.0, 0.7, -1.2}) {
    CHECK(separation({1.0, dec}, {1.0, dec + step}) == doctest::Approx(step).epsilon(1e-4));
    CHECK(separation({1.0, dec}, {1.0 + step, dec}) ==
          doctest::Approx(step * std::cos(dec)).epsilon(1e-4));
  }
}

TEST_CASE("separation: opposite points are half a turn apart, right ascension wraps") {
  CHECK(separation({0.3, 0.4}, {0.3 + std::numbers::pi, -0.4}) ==
        doctest::Approx(std::numbers::pi));
  CHECK(separation({0.0, 0.0}, {2.0 * std::numbers::pi, 0.0}) < 1e-15);
  CHECK(separation({0.1, std::numbers::pi / 2}, {2.0, std::numbers::pi / 2}) < 1e-15);
  // Spherical triangle over the pole: 89° + 1° on opposite meridians.
  CHECK(
      separation({0.0, 89.0 * radians_per_degree}, {std::numbers::pi, 89.0 * radians_per_degree}) ==
      doctest::Approx(2.0 * radians_per_degree).epsilon(1e-12));
}

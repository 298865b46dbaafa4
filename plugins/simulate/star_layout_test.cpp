#include "star_layout.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include "signal_to_noise.hpp"

namespace {

using namespace almagest;
using namespace simulate;

FieldDescription field() {
  FieldDescription description;
  description.width = 400;
  description.height = 300;
  for (std::size_t filter = 0; filter < filter_count; ++filter) {
    Random random(filter, "test");
    description.geometry[filter] = ScanGeometry::make(187.3, 0.1, 400, 300, random);
    description.psf[filter] = FieldPsfModel::make(2.7, 400, 300, random);
    description.sky[filter] = filter_table[filter].sky;
  }
  return description;
}

std::vector<Point> positions(FieldDescription const& description,
                             std::vector<SkyObject> const& stars, std::size_t filter) {
  std::vector<Point> points;
  for (SkyObject const& star : stars)
    points.push_back(description.geometry[filter].pixel(star.mu_nu));
  return points;
}

double distance(Point a, Point b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

}  // namespace

TEST_CASE("signal to noise: under a bright sky it is flux / sqrt(4 pi sigma^2 v)") {
  // Theory: Σψ² = 1 / (4πσ²) for a Gaussian PSF.
  FilterProperties const& r = filter_table[filter_index("r")];
  double const sigma = 1.3;
  double const sky = 1e6;
  Image<double> profile(41, 41);
  add(profile, {Gaussian::round(1.0, sigma)}, 1.0, {20.2, 19.7}, 1e-12);
  double const variance = sky / r.gain + r.dark_variance;
  double const error = std::sqrt(4 * std::numbers::pi * sigma * sigma * variance);
  CHECK(flux_of_signal_to_noise(profile, 10.0, sky, r) ==
        doctest::Approx(10 * error).epsilon(1e-3));

  // And it is the inverse at any brightness.
  for (double const wanted : {0.5, 30.0, 4000.0}) {
    double const flux = flux_of_signal_to_noise(profile, wanted, 145.0, r);
    Image<double> light = profile;
    for (double& value : light.pixels()) value *= flux;
    CHECK(signal_to_noise(light, 145.0, r) == doctest::Approx(wanted).epsilon(1e-8));
  }
}

TEST_CASE("full width: of a Gaussian it is 2.3548 sigma") {
  CHECK(full_width_half_maximum({Gaussian::round(1.0, 1.7)}) ==
        doctest::Approx(2.3548 * 1.7).epsilon(1e-4));
  CHECK(full_width_half_maximum({{1.0, 4.0, 0.0, 1.0}}) ==
        doctest::Approx(2.3548 * 1.5).epsilon(1e-4));
}

TEST_CASE(
    "star layout: the stars of a grid stand alone, inside the frame, at all sub-pixel phases") {
  FieldDescription const description = field();
  auto const stars = lay_out({.spacing = 40.0}, description, 2, 1);
  auto const points = positions(description, stars, 2);
  REQUIRE(points.size() == 8 * 5);
  double phase_sum = 0.0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    CHECK(Box{31, 31, 338, 238}.contains(nearest_pixel(points[i])));
    phase_sum += points[i].x - std::floor(points[i].x);
    for (std::size_t j = 0; j < i; ++j) CHECK(distance(points[i], points[j]) > 20.0 - 1e-6);
  }
  CHECK(phase_sum / static_cast<double>(points.size()) == doctest::Approx(0.5).epsilon(0.3));
}

TEST_CASE("star layout: the widest pairs stay in their cells, others keep their distance") {
  FieldDescription const description = field();
  for (double const separation : {8.0, largest_pair(40.0)}) {
    auto const points =
        positions(description,
                  lay_out({.spacing = 40.0, .pair_separation = separation}, description, 2, 1), 2);
    auto const cell = [](Point p) {
      return Pixel{int(std::floor((p.x - 32.0) / 40.0)), int(std::floor((p.y - 32.0) / 40.0))};
    };
    REQUIRE(points.size() == 2 * 8 * 5);
    for (std::size_t i = 0; i < points.size(); ++i) {
      CHECK(cell(points[i]) == cell(points[i - i % 2]));
      for (std::size_t j = 0; j < i - i % 2; ++j)
        CHECK(distance(points[i], points[j]) > 20.0 - separation - 1e-6);
    }
  }
}

TEST_CASE("star layout: calibration stars take the place of as many pairs") {
  FieldDescription const description = field();
  auto const stars =
      lay_out({.spacing = 40.0, .calibration_stars = 7, .pair_separation = 4.0}, description, 2, 1);
  CHECK(stars.size() == 7 + 2 * (8 * 5 - 7));
}

TEST_CASE("star layout: a pair has its distance, every star its signal to noise in every filter") {
  FieldDescription const description = field();
  auto const stars =
      lay_out({.spacing = 60.0, .lowest_snr = 50.0, .highest_snr = 50.0, .pair_separation = 3.9},
              description, 2, 1);
  REQUIRE(stars.size() == 2 * 5 * 3);
  auto const points = positions(description, stars, 2);
  std::vector<double> angles;
  for (std::size_t i = 0; i < points.size(); i += 2) {
    CHECK(distance(points[i], points[i + 1]) == doctest::Approx(3.9).epsilon(1e-6));
    angles.push_back(std::atan2(points[i + 1].y - points[i].y, points[i + 1].x - points[i].x));
  }
  auto const [least, most] = std::ranges::minmax(angles);
  CHECK(most - least > 1.0);

  for (std::size_t filter = 0; filter < filter_count; ++filter) {
    FilterProperties const& properties = filter_table[filter];
    auto const seen = positions(description, stars, filter);
    for (std::size_t i = 0; i < stars.size(); i += 7) {
      double const flux =
          exposure_time_s *
          std::pow(10.0, -0.4 * (stars[i].magnitude[filter] + properties.zero_point));
      Mixture const psf = description.psf[filter].at(seen[i]);
      Image<double> light(extent(psf, flux, seen[i], 1e-3));
      add(light, psf, flux, seen[i], 1e-3);
      CHECK(signal_to_noise(light, description.sky[filter], properties) ==
            doctest::Approx(50.0).epsilon(1e-4));
    }
  }
}

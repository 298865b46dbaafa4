#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <map>
#include <numbers>
#include <vector>

#include "charge_repulsion.hpp"
#include "cosmic_rays.hpp"
#include "fast_random.hpp"
#include "moffat.hpp"
#include "synthetic_sky.hpp"

namespace {

using namespace almagest;
using namespace simulate;

struct Moments {
  double sum = 0.0, x = 0.0, y = 0.0;
};

Moments moments(Image<float> const& image) {
  Moments m;
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < image.width(); ++x) {
      double const v = static_cast<double>(image(x, y));
      m.sum += v;
      m.x += v * (image.bbox().x0 + x);
      m.y += v * (image.bbox().y0 + y);
    }
  m.x /= m.sum;
  m.y /= m.sum;
  return m;
}

}  // namespace

TEST_CASE("Moffat star: flux and centroid are as asked, half the height at half the width") {
  Moffat const psf = Moffat::of(4.2, 0.05, -0.03);
  for (Point const centre : {Point{100.0, 100.0}, Point{99.73, 100.48}, Point{100.5, 99.11}}) {
    Image<float> image(200, 200);
    add_star(image, psf, 1e6, centre, 1e-4);
    Moments const m = moments(image);
    CHECK(m.sum == doctest::Approx(1e6).epsilon(1e-3));
    CHECK(m.x == doctest::Approx(centre.x).epsilon(1e-5));
    CHECK(m.y == doctest::Approx(centre.y).epsilon(1e-5));
  }
  Moffat const round = Moffat::of(4.2, 0.0, 0.0);
  CHECK(round.value(2.1, 0.0) == doctest::Approx(0.5 * round.height()));
  CHECK(round.value(0.0, 2.1) == doctest::Approx(0.5 * round.height()));
  // A positive e1 is longer in x.
  CHECK(psf.value(3.0, 0.0) > psf.value(0.0, 3.0));
}

TEST_CASE("Moffat star: its sum of Gaussians is the same profile") {
  Moffat const psf = Moffat::of(3.7, 0.04, 0.06);
  Mixture const mixture = psf.mixture();
  for (Point const p : {Point{0, 0}, Point{1.5, 0.3}, Point{-3, 4}, Point{10, -6}, Point{25, 25}})
    CHECK(value(mixture, p.x, p.y) == doctest::Approx(psf.value(p.x, p.y)).epsilon(2e-3));
}

TEST_CASE("fast random: normal deviates have the moments and tails of a normal distribution") {
  FastRandom random(42);
  constexpr int n = 2'000'000;
  double sum = 0.0, squares = 0.0, fourth = 0.0;
  int beyond_2 = 0, beyond_4 = 0;
  for (int i = 0; i < n; ++i) {
    double const z = random.normal();
    sum += z;
    squares += z * z;
    fourth += z * z * z * z;
    beyond_2 += std::abs(z) > 2.0;
    beyond_4 += std::abs(z) > 4.0;
  }
  CHECK(std::abs(sum / n) < 0.003);
  CHECK(squares / n == doctest::Approx(1.0).epsilon(0.004));
  CHECK(fourth / n == doctest::Approx(3.0).epsilon(0.015));
  CHECK(beyond_2 / double(n) == doctest::Approx(0.045500).epsilon(0.02));
  CHECK(beyond_4 / double(n) == doctest::Approx(6.334e-5).epsilon(0.35));
}

TEST_CASE("fast random: Poisson deviates have mean, variance and skewness of the mean") {
  for (double const mean : {0.2, 5.0, 29.0, 31.0, 4000.0}) {
    CAPTURE(mean);
    FastRandom random(7);
    constexpr int n = 300'000;
    double sum = 0.0, second = 0.0, third = 0.0;
    for (int i = 0; i < n; ++i) {
      double const d = random.poisson(mean) - mean;
      sum += d;
      second += d * d;
      third += d * d * d;
    }
    CHECK(std::abs(sum / n) < 4 * std::sqrt(mean / n));
    CHECK(second / n == doctest::Approx(mean).epsilon(0.02));
    double const skewness = third / n / std::pow(mean, 1.5);
    CHECK(std::abs(skewness - 1 / std::sqrt(mean)) < 0.05 + 0.1 / std::sqrt(mean));
  }
}

TEST_CASE("brighter-fatter: charge leaves the bright pixels, none is lost, flats grow smoother") {
  Image<double> const kernel = usual_repulsion();
  Image<float> star(101, 101);
  add_star(star, Moffat::of(4.0, 0, 0), 5e5, {50, 50}, 1e-3);
  Image<float> pushed = star;
  push_charge(pushed, kernel);
  double before = 0.0, after = 0.0;
  for (float const v : star.pixels()) before += static_cast<double>(v);
  for (float const v : pushed.pixels()) after += static_cast<double>(v);
  CHECK(after == doctest::Approx(before).epsilon(1e-6));
  double const change = static_cast<double>(pushed(50, 50) / star(50, 50)) - 1.0;
  CHECK(change < -0.002);
  CHECK(change > -0.1);

  // A single bright pixel in a flat: to first order it loses ½·I·∇²F.
  Image<float> dot(41, 41);
  for (float& v : dot.pixels()) v = 1000.0F;
  dot(20, 20) = 1100.0F;
  Image<float> moved = dot;
  push_charge(moved, kernel);
  double const laplacian = 100.0 * (2 * kernel(7, 8) + 2 * kernel(8, 7) - 4 * kernel(8, 8));
  // On its faces there are 1000 + 7/12 of 100 electrons.
  CHECK(static_cast<double>(moved(20, 20)) - 1100.0 ==
        doctest::Approx(-0.5 * (1000.0 + 700.0 / 12.0) * laplacian).epsilon(0.01));
}

TEST_CASE("cosmic rays: as many as asked, 5 to 80 pixels long, thousands of electrons each") {
  Random random(3, "test");
  auto const hits = cosmic_rays({0, 0, 2000, 2000}, 200.0, 15.0, 200.0, random);
  double charge = 0.0;
  for (CosmicRayHit const& hit : hits) {
    CHECK(Box{0, 0, 2000, 2000}.contains(hit.pixel));
    charge += hit.charge;
  }
  // 80 electrons/µm: 17 000 for the shortest track to 97 000 for the longest.
  CHECK(charge / 200 > 2e4);
  CHECK(charge / 200 < 6e4);
  CHECK(hits.size() > 200 * 8);
  CHECK(hits.size() < 200 * 60);
}

TEST_CASE("synthetic sky: as dense as asked, the same wherever one looks") {
  SkySettings const settings{.stars = 5, .galaxies = 3};
  SkyCircle const here{{5.59, 0.0}, 0.003};
  SkyCircle const beside{{5.592, 0.001}, 0.003};
  auto const a = synthetic_sky({here}, settings, 1);
  auto const b = synthetic_sky({beside}, settings, 1);
  auto const c = synthetic_sky({here}, settings, 2);
  std::map<std::int64_t, SkyPoint> of_b;
  for (SkySource const& source : b) of_b[source.id] = source.position;
  int stars = 0, galaxies = 0, shared = 0;
  for (SkySource const& source : a) {
    if (auto const found = of_b.find(source.id); found != of_b.end()) {
      CHECK(found->second == source.position);
      ++shared;
    }
    if (separation(source.position, here.centre) < here.radius)
      ++(source.galaxy ? galaxies : stars);
  }
  double const arcmin = radians_per_degree / 60;
  double const area = std::numbers::pi * std::pow(here.radius / arcmin, 2);
  CHECK(stars == doctest::Approx(5 * area).epsilon(0.1));
  CHECK(galaxies == doctest::Approx(3 * area).epsilon(0.1));
  CHECK(shared > 500);
  REQUIRE(!c.empty());
  CHECK(c[0].position != a[0].position);
}

TEST_CASE("bands of filters: by their letter, narrow ones by their wavelength") {
  CHECK(band_of_filter("HSC-R2") == 'r');
  CHECK(band_of_filter("HSC-Y") == 'y');
  CHECK(band_of_filter("i_39") == 'i');
  CHECK(band_of_filter("SDSSr_65mm~empty") == 'r');
  CHECK(band_of_filter("SDSS g") == 'g');
  CHECK(band_of_filter("NB0921") == 'y');
  CHECK(band_of_filter("NB0515") == 'g');
  CHECK(band_of_filter("unknown") == 'r');
}

#include "ramp.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "almagest/psf.hpp"

using namespace almagest;
using deblend::Template;

namespace {

constexpr double sigma = 1.2;
constexpr int reach = 5;

/// A Gaussian of peak 1000 at (x, y) in a frame of 40 x 40.
Image<float> star(double x, double y) {
  Image<float> image(40, 40);
  for (int v = 0; v < 40; ++v)
    for (int u = 0; u < 40; ++u)
      image(u, v) = static_cast<float>(
          1000.0 * std::exp(-0.5 * ((u - x) * (u - x) + (v - y) * (v - y)) / (sigma * sigma)));
  return image;
}

Template symmetric(Image<float> const& image, Footprint const& footprint, Pixel peak) {
  return deblend::symmetric_template(image, deblend::region_of(footprint, footprint.bbox()), peak);
}

}  // namespace

TEST_CASE("ramp: reach is an odd number of pixels near 1.5 FWHM") {
  CHECK(deblend::ramp_reach(2.5371) == 5);  // SDSS run 4192, r
  CHECK(deblend::ramp_reach(2.0) == 3);
  CHECK(deblend::ramp_reach(3.3821) == 5);
  CHECK(deblend::ramp_reach(4.0) == 7);
}

TEST_CASE("ramp: only a template that is bright at its edge is cut off") {
  Footprint const wide({{18, 17, 23}, {19, 17, 23}, {20, 17, 23}, {21, 17, 23}, {22, 17, 23}}, {});
  Template const found = symmetric(star(20, 20), wide, {20, 20});
  CHECK(deblend::cut_off(found, 200.0F));  // e^{-1.39} of 1000 at (20, 18)
  CHECK_FALSE(deblend::cut_off(found, 250.0F));
}

TEST_CASE("ramp: a template that the frame cuts off goes on like the PSF, and ends at the frame") {
  Image<float> const image = star(3, 20);
  // Detected on three columns only.
  std::vector<Span> spans;
  for (int y = 17; y <= 23; ++y) spans.push_back({y, 2, 4});
  Footprint const footprint(spans, {});
  Template const narrow = symmetric(image, footprint, {3, 20});
  Image<double> const psf = GaussianPsf(sigma, 21).kernel({0, 0});
  Template const wide =
      deblend::ramped_template(image, footprint, narrow, psf, reach, {3, 20}, false);
  // Columns 0 … 6 lie within the dilated footprint and in the frame with their mirror images; so do
  // those that mirror what is off the frame.
  CHECK(wide.image.bbox().x0 == 0);
  CHECK(wide.image.bbox().x1() == 9);
  for (int x = 0; x <= 6; ++x) CHECK(wide.image.at({x, 20}) == doctest::Approx(image(x, 20)));
  // Behind the frame's side light falls like the PSF, its top on an edge pixel, (4, 20) here or
  // near it: not above the star's own light, and more than nothing.
  CHECK(wide.image.at({7, 20}) > 0.0F);
  CHECK(wide.image.at({7, 20}) <= image(7, 20));
}

TEST_CASE("ramp: both sides get as much; from the last pixels of rows alone the left gets less") {
  // A template 5 wide and 3 high of one brightness, its neighbourhood without data.
  Footprint const footprint({{19, 18, 22}, {20, 18, 22}, {21, 18, 22}}, {});
  Pixel const peak{20, 20};
  Template flat{Image<float>(footprint.bbox()), deblend::region_of(footprint, footprint.bbox())};
  for (float& value : flat.image.pixels()) value = 100.0F;
  Image<double> const psf = GaussianPsf(sigma, 21).kernel({0, 0});
  auto const light = [&](Pixel pixel, bool last_pixel_only) {
    return deblend::ramped_template(Image<float>(40, 40), footprint, flat, psf, reach, peak,
                                    last_pixel_only)
        .image.at(pixel);
  };
  // e^{-2²/2σ²} of 100, two pixels above the edge, all along it.
  double const expected = 100.0 * std::exp(-2.0 / (sigma * sigma));
  for (int x = 18; x <= 22; ++x)
    CHECK(light({x, 23}, false) == doctest::Approx(expected).epsilon(1e-6));
  // A pixel and its mirror image get the fainter of two: beside x = 18 stands no last pixel.
  CHECK(light({20, 23}, true) < 0.5 * expected);
  CHECK(light({18, 23}, true) == light({22, 17}, true));
}

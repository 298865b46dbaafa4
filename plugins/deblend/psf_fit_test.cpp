#include "psf_fit.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "test_field.hpp"

using namespace almagest;
using deblend::PeakPsf;
using deblend::PsfFitOptions;
using deblend::PsfModel;
using deblend::Region;

namespace {

constexpr Box blend{20, 20, 40, 40};

std::optional<PsfModel> fit(Exposure const& exposure, std::vector<Pixel> const& pixels,
                            PsfFitOptions options = {}) {
  options.fwhm = 2.35 * test_field::psf_sigma;
  std::vector<PeakPsf> peaks;
  for (Pixel const p : pixels)
    peaks.push_back(
        {p, {double(p.x), double(p.y)}, exposure.psf->stamp({double(p.x), double(p.y)})});
  MaskedImage const& image = exposure.masked_image();
  Region const region = deblend::region_of(test_field::box_footprint(blend, {}), blend);
  if (options.fit_positions) deblend::fit_positions(peaks, image, region, *exposure.psf, options);
  return deblend::fit_psf(image, region, peaks, 0, *exposure.psf, options);
}

}  // namespace

TEST_CASE("PSF fit: a star off its peak is found where it is, with its flux") {
  // One step along the PSF's derivatives is enough for a faint one only.
  for (auto const& [flux, fit_positions] :
       {std::pair{1000.0, true}, {1000.0, false}, {1e5, true}}) {
    Exposure exposure = test_field::frame(80, 80);
    test_field::add_star(exposure, 40.3, 39.75, flux);
    PsfFitOptions options;
    options.fit_positions = fit_positions;
    auto const star = fit(exposure, {{40, 40}}, options);
    REQUIRE(star);
    CHECK(star->centre.x == doctest::Approx(40.3).epsilon(0.002));
    CHECK(star->centre.y == doctest::Approx(39.75).epsilon(0.002));
    CHECK(star->flux == doctest::Approx(flux).epsilon(0.04));  // 3 sigma of the faint one's noise
  }
}

TEST_CASE("PSF fit: the stack's wrong sign looks on the other side of the peak") {
  Exposure exposure = test_field::frame(80, 80);
  test_field::add_star(exposure, 40.3, 39.75, 1000.0);
  PsfFitOptions options;
  options.fit_positions = false;
  options.reverse_shift = true;
  CHECK_FALSE(fit(exposure, {{40, 40}}, options));
  // Where anything passes, the peak is better than the wrong side of it.
  options.chi_squared = 1e9;
  auto const star = fit(exposure, {{40, 40}}, options);
  REQUIRE(star);
  CHECK(star->centre == Point{40.0, 40.0});
}

TEST_CASE("PSF fit: two stars that draw each other's peak are found apart") {
  Exposure exposure = test_field::frame(80, 80);
  test_field::add_star(exposure, 40.0, 40.2, 2000.0);
  test_field::add_star(exposure, 44.23, 39.8, 3000.0);
  // 1.5 FWHM apart; the peaks of the smoothed image are half a pixel nearer to each other.
  auto const star = fit(exposure, {{41, 40}, {44, 40}});
  REQUIRE(star);
  CHECK(star->centre.x == doctest::Approx(40.0).epsilon(0.004));
  CHECK(star->centre.y == doctest::Approx(40.2).epsilon(0.004));
  CHECK(star->flux == doctest::Approx(2000.0).epsilon(0.04));
  PsfFitOptions options;
  options.fit_positions = false;
  CHECK_FALSE(fit(exposure, {{41, 40}, {44, 40}}, options));
}

TEST_CASE("PSF fit: a galaxy is no star, and a faint one may be") {
  Exposure exposure = test_field::frame(80, 80);
  test_field::add_galaxy(exposure, 40, 40, 2.0 * test_field::psf_sigma, 20000.0);
  CHECK_FALSE(fit(exposure, {{40, 40}}));
  Exposure faint = test_field::frame(80, 80);
  test_field::add_galaxy(faint, 40, 40, 2.0 * test_field::psf_sigma, 200.0);
  CHECK(fit(faint, {{40, 40}}));
}

TEST_CASE("PSF fit: a neighbour's light is fitted with it") {
  Exposure exposure = test_field::frame(80, 80);
  test_field::add_star(exposure, 40, 40, 3000.0);
  test_field::add_star(exposure, 44, 41, 30000.0);
  CHECK_FALSE(fit(exposure, {{40, 40}}));
  auto const star = fit(exposure, {{40, 40}, {44, 41}});
  REQUIRE(star);
  CHECK(star->flux == doctest::Approx(3000.0).epsilon(0.04));
}

TEST_CASE("PSF fit: a neighbour out of reach spoils the fit only where the stack is followed") {
  Exposure exposure = test_field::frame(80, 80);
  test_field::add_star(exposure, 40, 40, 3000.0);
  // The pixels reach 5 pixels far, the neighbour's PSF 15: none has both.
  std::vector<Pixel> const peaks{{40, 40}, {60, 40}};
  auto const star = fit(exposure, peaks);
  REQUIRE(star);
  CHECK(star->flux == doctest::Approx(3000.0).epsilon(0.04));
  PsfFitOptions options;
  options.refuse_empty_terms = true;
  CHECK_FALSE(fit(exposure, peaks, options));
}

TEST_CASE("PSF fit: pixels without value or variance do not count") {
  Exposure exposure = test_field::frame(80, 80);
  test_field::add_star(exposure, 40, 40, 3000.0);
  exposure.image()(41, 40) = std::numeric_limits<float>::quiet_NaN();
  exposure.variance()(39, 40) = 0.0F;
  exposure.image()(39, 40) = 1e6F;
  auto const star = fit(exposure, {{40, 40}});
  REQUIRE(star);
  CHECK(star->flux == doctest::Approx(3000.0).epsilon(0.04));
  for (float& value : exposure.variance().pixels()) value = 0.0F;
  CHECK_FALSE(fit(exposure, {{40, 40}}));
}

#include "initial.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

using namespace almagest;

namespace {

std::shared_ptr<Psf const> psf_of(Exposure exposure, TaskHarness::Values const& parameters) {
  TaskHarness harness(std::make_unique<psf::Initial>(), parameters);
  harness.give("exposure", std::move(exposure));
  CHECK_FALSE(harness.run().skipped());
  return harness.result<Exposure>("exposure").psf;
}

Exposure exposure_without_psf() {
  return Exposure{MaskedImage(Box{0, 0, 50, 40})};
}

}  // namespace

TEST_CASE("initial PSF: half of the peak is reached at half of the width") {
  auto const psf = psf_of(exposure_without_psf(), {{"fwhm", 4.0}});
  auto const kernel = psf->kernel({25.0, 20.0});
  CHECK(kernel.at({2, 0}) / kernel.at({0, 0}) == doctest::Approx(0.5).epsilon(1e-9));
  CHECK(psf->kernel_size() == 19);  // sigma 1.6986: 2 x 9 + 1
}

TEST_CASE("initial PSF: the default is the 1.5 pixels of sigma that LSST begins with") {
  auto const psf = psf_of(exposure_without_psf(), {{"kernel_size", 11}});
  CHECK(dynamic_cast<GaussianPsf const&>(*psf).sigma() == doctest::Approx(1.5).epsilon(1e-3));
  CHECK(psf->kernel_size() == 11);
}

TEST_CASE("initial PSF: arcseconds become pixels by the scale of the WCS") {
  Exposure exposure = exposure_without_psf();
  double const scale = 0.168 / 3600.0;  // deg, HSC
  exposure.wcs = Wcs({25.0, 20.0}, {1.0, 0.1}, {-scale, 0.0, 0.0, scale});
  auto const psf = psf_of(exposure, {{"fwhm", 0.7}, {"unit", "arcsec"}});
  // 0.7/0.168/2.35482
  CHECK(dynamic_cast<GaussianPsf const&>(*psf).sigma() == doctest::Approx(1.76942).epsilon(1e-4));
}

TEST_CASE("initial PSF: arcseconds without a WCS, and an even kernel, are errors") {
  TaskHarness harness(std::make_unique<psf::Initial>(), {{"unit", "arcsec"}});
  harness.give("exposure", exposure_without_psf());
  CHECK_THROWS_AS(harness.run(), DataError);
  TaskHarness even(std::make_unique<psf::Initial>(), {{"kernel_size", 12}});
  even.give("exposure", exposure_without_psf());
  CHECK_THROWS_WITH_AS(even.run(),
                       "parameter 'kernel_size' must be odd, or 0 for one that fits, got 12",
                       ConfigError);
}

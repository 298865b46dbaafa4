#include "further_algorithms.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <random>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

#include "base_algorithms.hpp"
#include "ext_psf_fit.hpp"
#include "test_field.hpp"

using namespace almagest;
using namespace measurement;

namespace {

constexpr Box frame{0, 0, 140, 120};
Point const star{60.3, 50.8};
constexpr double psf_sigma = 1.5;
Quadrupole const psf_moments{2.25, 2.25, 0.0};
constexpr double flux = 4e4;

Exposure exposure_with_star() {
  MaskedImage pixels(frame);
  test_field::add_gaussian(pixels.image, star, psf_moments, flux);
  for (float& value : pixels.variance.pixels()) value = 4.0F;
  Exposure exposure(std::move(pixels));
  exposure.psf = std::make_shared<GaussianPsf>(psf_sigma, 25);
  exposure.wcs = Wcs({70.0, 50.0}, {1.0, 0.2}, {-1e-4, 0.0, 0.0, 1e-4});
  return exposure;
}

Footprint footprint(Pixel peak, int half = 6) {
  std::vector<Span> spans;
  for (int y = peak.y - half; y <= peak.y + half; ++y)
    spans.push_back({y, peak.x - half, peak.x + half});
  return {std::move(spans), {{peak, 100.0F}}};
}

/// One algorithm on one source whose shape is known.
template <class Algorithm>
struct Bench {
  Algorithm algorithm;
  Exposure exposure = exposure_with_star();
  Footprint print = footprint(nearest_pixel(star));
  Schema schema = Schema::minimal_source();
  SourceCatalog table;
  bool centroid_bad = false;
  Point centroid = star;

  Bench() {
    for (char const* name : {"base_SdssShape_xx", "base_SdssShape_yy", "base_SdssShape_xy"})
      schema.add<double>(name, "pix2", "");
    schema.add_flag("base_SdssShape_flag", "");
    algorithm.declare(schema, "a");
    table = SourceCatalog(schema, 1);
    set_shape(psf_moments);
  }
  void set_shape(Quadrupole const& q, bool bad = false) {
    table.set(0, schema.key<double>("base_SdssShape_xx"), q.xx);
    table.set(0, schema.key<double>("base_SdssShape_yy"), q.yy);
    table.set(0, schema.key<double>("base_SdssShape_xy"), q.xy);
    table.set(0, schema.key<bool>("base_SdssShape_flag"), bad);
  }
  void measure() {
    SourceRecord record{table, 0, print, exposure, centroid, centroid_bad};
    algorithm.measure(record);
  }
  void measure_in_family() {
    SourceRecord record{table, 0, print, exposure, centroid, centroid_bad};
    algorithm.measure_in_family(record);
  }
  double number(std::string const& name) const { return table.get(0, schema.key<double>(name)); }
  double small(std::string const& name) const { return table.get(0, schema.key<float>(name)); }
  bool flag(std::string const& name) const { return table.get(0, schema.key<bool>(name)); }
};

}  // namespace

TEST_CASE("base_NaiveCentroid: near the star; the peak where that fails; the slot is left alone") {
  Bench<NaiveCentroid> bench;
  bench.measure();
  // 3 x 3 pixels see part of the Gaussian: (w1 - w-1) / (w-1 + w0 + w1).
  auto const weight = [](double u, double offset) {
    return std::exp(-(u - offset) * (u - offset) / 4.5);
  };
  auto const moment = [&](double offset) {
    return (weight(1, offset) - weight(-1, offset)) /
           (weight(-1, offset) + weight(0, offset) + weight(1, offset));
  };
  CHECK(bench.number("a_x") == doctest::Approx(60.0 + moment(0.3)).epsilon(1e-7));
  CHECK(bench.number("a_y") == doctest::Approx(51.0 + moment(-0.2)).epsilon(1e-7));
  CHECK_FALSE(bench.flag("a_flag"));
  CHECK(bench.algorithm.gives().empty());

  bench.print = footprint({0, 40}, 0);
  bench.measure();
  CHECK(bench.flag("a_flag"));
  CHECK(bench.flag("a_flag_edge"));
  CHECK(bench.number("a_y") == 40.0);

  bench.print = Footprint({{51, 63, 63}}, {{{63, 51}, 1.0F}});  // the light is to its left
  bench.measure();
  CHECK(bench.flag("a_flag_resetToPeak"));
  CHECK(bench.number("a_x") == 63.0);
}

TEST_CASE("base_LocalBackground: the sky, in PSF widths; without PSF or pixels a flag") {
  Bench<LocalBackground> bench;
  std::mt19937 generator(8);
  for (float& value : bench.exposure.image().pixels()) value += 30.0F;
  test_field::add_noise(bench.exposure.image(), 2.0, generator);
  bench.measure();
  double const pixels = 3.14159 * psf_sigma * psf_sigma * (225.0 - 49.0);
  CHECK(std::abs(bench.number("a_instFlux") - 30.0) < 4.0 * 2.0 / std::sqrt(pixels));
  CHECK(bench.number("a_instFluxErr") == doctest::Approx(2.0).epsilon(0.08));
  CHECK_FALSE(bench.flag("a_flag"));

  for (MaskPixel& pixel : bench.exposure.mask().image().pixels()) pixel = 1;  // BAD
  bench.measure();
  CHECK(bench.flag("a_flag"));
  CHECK(bench.flag("a_flag_noGoodPixels"));
  bench.exposure.psf = nullptr;
  CHECK_THROWS_AS(bench.measure(), MeasurementError);
  CHECK(bench.flag("a_flag_noPsf"));
}

TEST_CASE(
    "a plane that the mask does not have is refused, by every algorithm that leaves some out") {
  auto const refuses = [](auto bench) {
    for (ParamBase* const parameter : bench->algorithm.params())
      if (auto* const ignore = dynamic_cast<Param<std::vector<std::string>>*>(parameter)) {
        ComponentTable const none;
        Problems problems;
        ignore->set(ConfigValue::Array{ConfigValue("BADD")}, "test", none, problems);
      }
    CHECK_THROWS_WITH_AS(bench->measure(), doctest::Contains("BADD"), ConfigError);
  };
  refuses(std::make_unique<Bench<LocalBackground>>());
  refuses(std::make_unique<Bench<Variance>>());
  refuses(std::make_unique<Bench<PsfFit>>());
}

TEST_CASE("base_Variance: around the source; without a shape a flag") {
  Bench<Variance> bench;
  bench.measure();
  CHECK(bench.number("a_value") == 4.0);
  CHECK_FALSE(bench.flag("a_flag"));
  MaskPixel const detected = bench.exposure.mask().bit("DETECTED");
  for (MaskPixel& pixel : bench.exposure.mask().image().pixels()) pixel = detected;
  bench.measure();
  CHECK(bench.flag("a_flag"));
  CHECK(bench.flag("a_flag_emptyFootprint"));

  Bench<Variance> shapeless;
  shapeless.set_shape(psf_moments, true);
  shapeless.measure();
  CHECK(shapeless.flag("a_flag"));
  CHECK(std::isnan(shapeless.number("a_value")));
}

TEST_CASE("base_Jacobian: the area of a TAN pixel, smaller by cos^3 off the tangent point") {
  Bench<Jacobian> bench;
  bench.exposure.wcs = Wcs({60.3, 50.8}, {1.0, 0.2}, {-1e-4, 0.0, 0.0, 1e-4});
  bench.measure();
  CHECK(bench.number("a_value") == doctest::Approx(0.36 * 0.36 / 0.25).epsilon(1e-9));
  // 30000 pixels of 0.36 arcsec along the tangent plane.
  bench.exposure.wcs = Wcs({60.3 - 30000.0, 50.8}, {1.0, 0.2}, {-1e-4, 0.0, 0.0, 1e-4});
  bench.measure();
  double const cosine = std::cos(std::atan(3.0 * radians_per_degree));
  CHECK(bench.number("a_value") ==
        doctest::Approx(0.36 * 0.36 / 0.25 * std::pow(cosine, 3)).epsilon(1e-9));
  bench.exposure.wcs.reset();
  CHECK_THROWS_AS(bench.measure(), DataError);
}

TEST_CASE("base_Blendedness: 0 alone, and what theory says beside an equal") {
  Bench<Blendedness> bench;
  bench.measure();
  CHECK(bench.number("a_raw") == 0.0);
  CHECK(bench.number("a_abs") == 0.0);
  // The weight ends at 3 sigma, and leaves out exp(-9/2) of the light under it.
  CHECK(bench.number("a_raw_instFlux_child") ==
        doctest::Approx(flux * (1.0 - std::exp(-4.5))).epsilon(0.003));

  // A neighbour at 2 sigma adds exp(-1): 1 - 1/(1 + e⁻¹) of the light is its own.
  test_field::add_gaussian(bench.exposure.image(), {star.x + 3.0, star.y}, psf_moments, flux);
  bench.measure_in_family();
  double const added = std::exp(-1.0);
  CHECK(bench.number("a_raw") == doctest::Approx(added / (1.0 + added)).epsilon(0.02));
  CHECK(bench.number("a_abs") == doctest::Approx(bench.number("a_raw")).epsilon(0.01));
  CHECK(bench.number("a_raw_instFlux_parent") > bench.number("a_raw_instFlux_child"));
}

TEST_CASE("base_Blendedness: without centroid or shape nothing but flags") {
  Bench<Blendedness> bench;
  bench.set_shape({std::numeric_limits<double>::quiet_NaN(), 1.0, 0.0});
  bench.measure();
  bench.measure_in_family();
  CHECK(bench.flag("a_flag"));
  CHECK(bench.flag("a_flag_noShape"));
  CHECK(std::isnan(bench.number("a_raw")));
  bench.set_shape(psf_moments);
  bench.centroid_bad = true;
  bench.measure();
  CHECK(bench.flag("a_flag_noCentroid"));
}

TEST_CASE("ext_photometryKron: a galaxy's radius and flux, from theory") {
  Bench<KronFlux> bench;
  Quadrupole const galaxy{16.0, 9.0, 3.0};
  bench.exposure.image() = Image<float>(frame);
  test_field::add_gaussian(bench.exposure.image(), star, galaxy, flux);
  bench.set_shape(galaxy);
  bench.measure();
  double const radius = std::sqrt(3.14159265 / 2.0) * galaxy.determinant_radius();
  CHECK(bench.small("a_radius") == doctest::Approx(radius).epsilon(0.005));
  CHECK(bench.small("a_psf_radius") ==
        doctest::Approx(std::sqrt(3.14159265 / 2.0) * psf_sigma).epsilon(0.005));
  CHECK(bench.number("a_instFlux") == doctest::Approx(0.9926 * flux).epsilon(3e-4));
  double const area = 3.14159265 * 6.25 * radius * radius;
  CHECK(bench.number("a_instFluxErr") == doctest::Approx(2.0 * std::sqrt(area)).epsilon(0.02));
  for (char const* name : {"a_flag", "a_flag_small_radius", "a_flag_bad_shape", "a_flag_edge",
                           "a_flag_used_psf_radius"})
    CHECK_FALSE(bench.flag(name));
}

TEST_CASE("ext_photometryKron: sharper than the PSF, without a shape, without a radius") {
  Bench<KronFlux> sharp;
  sharp.exposure.image() = Image<float>(frame);
  test_field::add_gaussian(sharp.exposure.image(), star, {1.0, 1.0, 0.0}, flux);
  sharp.set_shape({1.0, 1.0, 0.0});
  sharp.measure();
  CHECK(sharp.flag("a_flag_small_radius"));
  CHECK(sharp.flag("a_flag_used_psf_radius"));
  CHECK(sharp.small("a_radius") == sharp.small("a_psf_radius"));
  CHECK_FALSE(sharp.flag("a_flag"));

  Bench<KronFlux> shapeless;
  shapeless.set_shape({std::numeric_limits<double>::quiet_NaN(), 0.0, 0.0}, true);
  shapeless.measure();
  CHECK(shapeless.flag("a_flag_bad_shape"));
  CHECK(shapeless.number("a_instFlux") == doctest::Approx(0.9926 * flux).epsilon(0.002));
  shapeless.exposure.psf = nullptr;
  CHECK_THROWS_AS(shapeless.measure(), MeasurementError);
  CHECK(shapeless.flag("a_flag_bad_shape_no_psf"));

  Bench<KronFlux> dark;
  dark.exposure.image() = Image<float>(frame);
  dark.measure();
  CHECK(dark.flag("a_flag"));
  CHECK(dark.flag("a_flag_bad_radius"));
  CHECK(dark.flag("a_flag_used_psf_radius"));
  CHECK(dark.number("a_instFlux") == 0.0);
}

TEST_CASE("ext_photometryKron: at the image's side NaN and a flag") {
  Bench<KronFlux> bench;
  bench.centroid = {2.0, 50.0};
  bench.measure();
  CHECK(bench.flag("a_flag"));
  CHECK(bench.flag("a_flag_edge"));
  CHECK(std::isnan(bench.number("a_instFlux")));
}

TEST_CASE("ext_photometryKron: a radius beyond where light was followed is none") {
  // A dark core cancels nearly all of the light around it: Σrd/Σd has no limit as Σd tends to 0.
  Bench<KronFlux> bench;
  bench.exposure.image() = Image<float>(frame);
  bench.exposure.image().at({60, 51}) = -1000.0F;
  for (int x : {54, 66}) bench.exposure.image().at({x, 51}) = 500.0001F;
  bench.measure();
  CHECK(bench.flag("a_flag"));
  CHECK(bench.flag("a_flag_bad_radius"));
  CHECK(bench.flag("a_flag_used_psf_radius"));
  CHECK(bench.small("a_radius") == bench.small("a_psf_radius"));
}

TEST_CASE("pixels that are not numbers are flagged, wherever they are left out or count as 0") {
  float const nan = std::numeric_limits<float>::quiet_NaN();
  Pixel const hole{62, 52};
  auto const flags = [&](auto&& bench, std::string const& name) {
    bench.measure();
    CHECK_FALSE(bench.flag(name));
    CHECK_FALSE(bench.flag("a_flag"));
    bench.exposure.image().at(hole) = nan;
    bench.measure();
    CHECK(bench.flag(name));
    CHECK(bench.flag("a_flag"));
    bench.exposure = exposure_with_star();
    bench.exposure.image().at({5, 5}) = nan;  // far away
    bench.measure();
    CHECK_FALSE(bench.flag(name));
    CHECK_FALSE(bench.flag("a_flag"));
    bench.exposure = exposure_with_star();
    bench.exposure.variance().at(nearest_pixel(star)) = nan;
    bench.measure();
  };
  Bench<SdssCentroid> centroid;
  flags(centroid, "a_flag_badPixels");
  CHECK(centroid.flag("a_flag"));
  Bench<SdssShape> shape;
  flags(shape, "a_flag_badPixels");
  CHECK(shape.flag("a_flag"));
  Bench<GaussianFlux> gaussian;
  flags(gaussian, "a_flag_badPixels");
  CHECK(gaussian.flag("a_flag"));
  Bench<Blendedness> blendedness;
  flags(blendedness, "a_flag_badPixels");
  CHECK(blendedness.flag("a_flag"));
  flags(Bench<KronFlux>(), "a_flag_bad_pixels");
}

TEST_CASE("base_SdssCentroid: a hole in the PSF's outskirts is told, and does no harm") {
  Bench<SdssCentroid> bench;
  bench.exposure.image().at({68, 51}) = std::numeric_limits<float>::quiet_NaN();  // 5 sigma away
  bench.measure();
  CHECK(bench.flag("a_flag_badPixels"));
  CHECK_FALSE(bench.flag("a_flag"));
  CHECK(std::abs(bench.number("a_x") - star.x) < 0.01);
}

TEST_CASE("base_Blendedness: a child over a hole is compared with its family all the same") {
  Bench<Blendedness> bench;
  bench.exposure.image().at({60, 53}) = std::numeric_limits<float>::quiet_NaN();
  bench.measure();
  test_field::add_gaussian(bench.exposure.image(), {star.x + 3.0, star.y}, psf_moments, flux);
  bench.measure_in_family();
  CHECK(bench.number("a_raw") > 0.2);
  CHECK(bench.flag("a_flag"));
}

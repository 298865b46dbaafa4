#include "templates.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

#include "test_field.hpp"

using namespace almagest;
using deblend::Templates;
using test_field::box_footprint;

namespace {

struct Harness : TaskHarness {
  Harness(Exposure exposure, std::vector<Footprint> footprints, Values const& values = {})
      : TaskHarness(std::make_unique<Templates>(), values) {
    FootprintSet set;
    set.box = exposure.bbox();
    set.footprints = std::move(footprints);
    give("exposure", std::move(exposure));
    give("footprints", std::move(set));
  }
  FootprintSet const& deblended() {
    run();
    return result<FootprintSet>("footprints");
  }
};

double light_of(Footprint const& footprint) {
  return std::accumulate(footprint.values().begin(), footprint.values().end(), 0.0);
}

double at(Footprint const& footprint, Pixel pixel) {
  std::size_t k = 0;
  for (Span const& span : footprint.spans())
    for (int x = span.x0; x <= span.x1; ++x, ++k)
      if (Pixel{x, span.y} == pixel) return footprint.values()[k];
  return 0.0;
}

/// The pixels whose light is NaN or infinite.
std::vector<Pixel> not_finite(Footprint const& footprint) {
  std::vector<Pixel> pixels;
  std::size_t k = 0;
  for (Span const& span : footprint.spans())
    for (int x = span.x0; x <= span.x1; ++x, ++k)
      if (!std::isfinite(footprint.values()[k])) pixels.push_back({x, span.y});
  return pixels;
}

/// A PSF without light.
class DarkPsf final : public Psf {
 public:
  Image<double> kernel(Point) const override { return Image<double>(Box{-7, -7, 15, 15}); }
  PsfState state() const override { return {}; }
  int kernel_size() const override { return 15; }
};

}  // namespace

TEST_CASE("deblend: two stars 1.5 FWHM apart are two PSFs, each with its flux") {
  Exposure exposure = test_field::frame(100, 80);
  double const apart = 1.5 * 2.35 * test_field::psf_sigma;  // 4.2 pixels
  test_field::add_star(exposure, 45.2, 40.0, 6000.0);
  test_field::add_star(exposure, 45.2 + apart, 40.1, 3000.0);
  Footprint const lone = box_footprint({5, 5, 10, 10}, {{10, 10}});
  Footprint const blend = box_footprint({36, 31, 24, 19}, {{45, 40}, {49, 40}});
  Harness harness(exposure, {lone, blend});
  FootprintSet const& set = harness.deblended();

  REQUIRE(set.footprints.size() == 4);
  CHECK(set.parent_count() == 2);
  CHECK(set.children == std::vector<Child>{{1, true, false}, {1, true, false}});
  CHECK(set.footprints[0] == lone);
  CHECK(set.footprints[1].peaks() == blend.peaks());
  CHECK(set.footprints[1].values().empty());
  CHECK(set.footprints[2].peaks() == std::vector<Peak>{blend.peaks()[0]});
  CHECK(set.footprints[3].peaks() == std::vector<Peak>{blend.peaks()[1]});
  CHECK(light_of(set.footprints[2]) == doctest::Approx(6000.0).epsilon(0.03));
  CHECK(light_of(set.footprints[3]) == doctest::Approx(3000.0).epsilon(0.05));

  CHECK(harness.metric("blends") == 1);
  CHECK(harness.metric("children") == 2);
  CHECK(harness.metric("psf_templates") == 2);
  CHECK(harness.metric("ramped_templates") == 0);
  CHECK(harness.log_lines().back() ==
        "info: 1 blend into 2 sources: 2 stars, 0 ramped templates; 0 blends left alone");
}

TEST_CASE("deblend: children together have their parent's light wherever one has a claim") {
  Exposure exposure = test_field::frame(100, 100);
  test_field::add_star(exposure, 45, 50, 4000.0);
  test_field::add_galaxy(exposure, 55, 52, 3.0, 20000.0);
  test_field::add_galaxy(exposure, 48, 60, 2.0, 5000.0);
  Footprint const detected = box_footprint({30, 35, 45, 40}, {{55, 52}, {45, 50}, {48, 60}});
  Harness harness(exposure, {detected});
  FootprintSet const& set = harness.deblended();
  REQUIRE(set.children.size() == 3);
  Footprint const& parent = set.footprints[0];
  for (Span const& span : parent.spans()) {
    for (int x = span.x0; x <= span.x1; ++x) {
      double sum = 0.0;
      for (std::size_t k = 1; k < 4; ++k) sum += at(set.footprints[k], {x, span.y});
      // The parent's pixels are those of the children; a pixel that none claims has 0 there.
      bool const right = sum == 0.0 || std::abs(sum - exposure.image()(x, span.y)) < 1e-2;
      CHECK(right);
    }
  }
  // What nobody claims is noise.
  double shared = 0.0, all = 0.0;
  for (std::size_t k = 1; k < 4; ++k) shared += light_of(set.footprints[k]);
  for (Span const& span : detected.spans())
    for (int x = span.x0; x <= span.x1; ++x) all += exposure.image()(x, span.y);
  CHECK(shared >= 0.99 * all);
}

TEST_CASE("deblend: a star on a galaxy is a PSF, the galaxy keeps its own template") {
  Exposure exposure = test_field::frame(100, 100);
  test_field::add_galaxy(exposure, 50, 50, 3.5, 10000.0);
  test_field::add_star(exposure, 63, 54, 1000.0);
  Harness harness(exposure, {box_footprint({36, 36, 36, 30}, {{50, 50}, {63, 54}})});
  FootprintSet const& set = harness.deblended();
  CHECK(set.children == std::vector<Child>{{0, false, false}, {0, true, false}});
  CHECK(light_of(set.footprints[1]) == doctest::Approx(10000.0).epsilon(0.04));
  CHECK(light_of(set.footprints[2]) == doctest::Approx(1000.0).epsilon(0.10));
}

TEST_CASE("deblend: a peak without light of its own is kept, with an empty footprint") {
  Exposure exposure = test_field::frame(60, 60);
  test_field::add_galaxy(exposure, 30, 30, 3.0, 20000.0);
  // Negative all about the second peak, in no way like a PSF.
  for (int y = 36; y <= 44; ++y)
    for (int x = 36; x <= 44; ++x)
      exposure.image()(x, y) = static_cast<float>(-300 - 150 * ((x + y) % 2));
  Harness harness(exposure, {box_footprint({20, 20, 25, 25}, {{30, 30}, {40, 40}})});
  FootprintSet const& set = harness.deblended();
  REQUIRE(set.footprints.size() == 3);
  CHECK(set.children[1] == Child{0, false, false});
  CHECK(set.footprints[2].area() == 0);
  CHECK(set.footprints[2].values().empty());
  CHECK(set.footprints[2].peaks().size() == 1);
  CHECK(light_of(set.footprints[1]) == doctest::Approx(20000.0).epsilon(0.05));
}

TEST_CASE("deblend: a source that the footprint cuts off is ramped, and gets light outside it") {
  Exposure exposure = test_field::frame(60, 60);
  test_field::add_galaxy(exposure, 30, 30, 3.0, 40000.0);
  test_field::add_galaxy(exposure, 38, 30, 3.0, 40000.0);
  Footprint const cut_off = box_footprint({24, 26, 20, 9}, {{30, 30}, {38, 30}});
  Harness ours(exposure, {cut_off});
  FootprintSet const& set = ours.deblended();
  CHECK(set.children == std::vector<Child>{{0, false, true}, {0, false, true}});
  Footprint const& child = set.footprints[1];
  CHECK_FALSE(cut_off.bbox().contains(child.bbox()));
  CHECK(set.footprints[0].bbox().contains(child.bbox()));
  CHECK(at(child, {30, 24}) == doctest::Approx(exposure.image()(30, 24)).epsilon(0.2));

  Harness stack(exposure, {cut_off}, {{"share_inside_parent_box", true}});
  Footprint const& same = stack.deblended().footprints[1];
  CHECK(same.spans() == child.spans());
  CHECK(at(same, {30, 24}) == 0.0);
  CHECK(at(same, {30, 27}) == at(child, {30, 27}));
}

TEST_CASE("deblend: peaks at the frame's corner work, those with almost no pixels vanish") {
  Exposure exposure = test_field::frame(60, 60);
  test_field::add_star(exposure, 0, 0, 5000.0);
  test_field::add_star(exposure, 4, 1, 5000.0);
  Harness corner(exposure, {box_footprint({0, 0, 12, 8}, {{0, 0}, {4, 1}})});
  FootprintSet const& set = corner.deblended();
  CHECK(set.children.size() == 2);
  for (Footprint const& footprint : set.footprints)
    CHECK(exposure.bbox().contains(footprint.bbox()));
  // Two rows are no ground for a fit.
  Harness thin(exposure, {box_footprint({0, 0, 12, 2}, {{0, 0}, {4, 1}})});
  FootprintSet const& none = thin.deblended();
  CHECK(none.children.empty());
  CHECK(none.footprints.size() == 1);
  CHECK(none.footprints[0].area() == 24);
}

TEST_CASE("deblend: blends above a limit are left alone and listed") {
  Exposure exposure = test_field::frame(100, 60);
  test_field::add_star(exposure, 20, 30, 5000.0);
  test_field::add_star(exposure, 26, 30, 5000.0);
  test_field::add_star(exposure, 70, 30, 5000.0);
  test_field::add_star(exposure, 76, 30, 5000.0);
  Footprint const small = box_footprint({12, 22, 22, 17}, {{20, 30}, {26, 30}});
  Footprint const large = box_footprint({60, 20, 30, 22}, {{70, 30}, {76, 30}, {75, 35}});
  for (auto const& [name, limit] :
       {std::pair{"max_peaks", 2}, {"max_area", 500}, {"max_size", 25}}) {
    Harness harness(exposure, {large, small}, {{name, limit}});
    FootprintSet const& set = harness.deblended();
    CHECK(set.skipped == std::vector<std::size_t>{0});
    CHECK(set.children == std::vector<Child>{{1, true, false}, {1, true, false}});
    CHECK(set.footprints[0] == large);
    CHECK(harness.metric("blends") == 1);
    CHECK(harness.metric("blends_skipped") == 1);
  }
}

TEST_CASE("deblend: NaN pixels are told of and stay where they are") {
  Exposure exposure = test_field::frame(80, 60);
  test_field::add_star(exposure, 30, 30, 2000.0);
  test_field::add_galaxy(exposure, 46, 30, 3.0, 20000.0);
  exposure.image()(46, 33) = std::numeric_limits<float>::quiet_NaN();
  exposure.image()(31, 28) = std::numeric_limits<float>::infinity();
  exposure.variance()(30, 29) = 0.0F;
  Harness harness(exposure, {box_footprint({20, 20, 38, 20}, {{30, 30}, {46, 30}})});
  FootprintSet const& set = harness.deblended();
  CHECK(harness.log_lines().front().starts_with(
      "warning: 3 pixels of blends without finite value or without variance"));
  CHECK(set.children == std::vector<Child>{{0, true, false}, {0, false, false}});
  // Each has the one that its template claims: the galaxy's is filled there by the median.
  CHECK(not_finite(set.footprints[1]) == std::vector<Pixel>{{31, 28}});
  CHECK(not_finite(set.footprints[2]) == std::vector<Pixel>{{46, 33}});
}

TEST_CASE("deblend: no blend, nothing to do; not even a PSF is needed") {
  Exposure exposure = test_field::frame(40, 40);
  exposure.psf.reset();
  Footprint const lone = box_footprint({5, 5, 10, 10}, {{10, 10}});
  Harness harness(exposure, {lone});
  CHECK(harness.deblended().footprints == std::vector<Footprint>{lone});
  Harness empty(exposure, {});
  CHECK(empty.deblended().footprints.empty());
}

TEST_CASE("deblend: what cannot be deblended fails and says why") {
  Exposure const exposure = test_field::frame(40, 40);
  Footprint const blend = box_footprint({5, 5, 20, 20}, {{10, 10}, {16, 10}});

  Exposure no_psf = exposure;
  no_psf.psf.reset();
  CHECK_THROWS_AS(Harness(no_psf, {blend}).run(), DataError);
  Exposure dark = exposure;
  dark.psf = std::make_shared<DarkPsf>();
  CHECK_THROWS_AS(Harness(dark, {blend}).run(), MeasurementError);

  Exposure no_variance = exposure;
  for (float& value : no_variance.variance().pixels()) value = 0.0F;
  CHECK_THROWS_WITH_AS(Harness(no_variance, {blend}).run(),
                       "the median variance is 0.000000: no template can be judged without noise",
                       DataError);
  Exposure masked = exposure;
  for (MaskPixel& pixel : masked.mask().image().pixels()) pixel = masked.mask().bit("SAT");
  CHECK_THROWS_WITH_AS(
      Harness(masked, {blend}).run(),
      "no pixel is left to take the noise from: all are masked with planes of 'ignore'", DataError);

  Footprint const outside = box_footprint({30, 5, 20, 20}, {{32, 10}, {38, 10}});
  CHECK_THROWS_WITH_AS(Harness(exposure, {outside}).run(),
                       "the footprint at (30, 5) reaches outside the image", DataError);
  Footprint const stray = box_footprint({5, 5, 20, 20}, {{10, 10}, {30, 10}});
  CHECK_THROWS_WITH_AS(Harness(exposure, {stray}).run(),
                       "the footprint at (5, 5) has a peak outside itself", DataError);
  CHECK_THROWS_AS(Harness(exposure, {blend}, {{"psf_position", ConfigValue::Array{1.0}}}).run(),
                  ConfigError);

  Harness twice(exposure, {blend});
  FootprintSet const once = twice.deblended();
  TaskHarness again(std::make_unique<Templates>());
  again.give("exposure", exposure);
  again.give("footprints", once);
  CHECK_THROWS_AS(again.run(), DataError);
}

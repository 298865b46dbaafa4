// Fringes: a pattern of known scale is added to a sky, and taken away by the task.
#include "fringe.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <memory>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

#include "effect_frames.hpp"

using namespace almagest;
using namespace isr_test;

namespace {

constexpr int side = 400;
constexpr double amplitude = 40.0;

/// Wavy lines some 40 pixels apart.
Image<float> pattern() {
  Image<float> image(side, side);
  for (int y = 0; y < side; ++y)
    for (int x = 0; x < side; ++x)
      image(x, y) = static_cast<float>(
          amplitude * std::sin(0.157 * (x + 12.0 * std::sin(0.02 * y)) + 0.05 * y));
  return image;
}

struct Scene {
  Exposure science, truth, fringe;
};
Scene scene(double scale) {
  Exposure const empty{MaskedImage(Box{0, 0, side, side})};
  Scene s{empty, empty, empty};
  s.fringe.image() = pattern();
  add_noise(s.fringe.image(), 3.0, 1);
  add_stars(s.truth.image(), 2000.0, 30000.0, 2.0, 15, 4);
  add_noise(s.truth.image(), 30.0, 2);
  s.science = s.truth;
  Image<float> const fringes = pattern();
  for (std::size_t i = 0; i < fringes.pixels().size(); ++i)
    s.science.image().pixels()[i] += static_cast<float>(scale) * fringes.pixels()[i];
  return s;
}

struct Fixture {
  explicit Fixture(Scene const& s, TaskHarness::Values const& values = {{"positions", 2000}})
      : harness(std::make_unique<isr::Fringe>(), values) {
    harness.give("exposure", s.science);
    harness.give("fringe", s.fringe);
  }
  Exposure const& result() { return harness.result<Exposure>("exposure"); }
  TaskHarness harness;
};

}  // namespace

TEST_CASE("fringe: scale and pattern are found to a few parts in a hundred") {
  for (double const scale : {1.0, 0.3}) {
    CAPTURE(scale);
    Scene const s = scene(scale);
    Fixture f(s);
    CHECK(!f.harness.run().skipped());
    CHECK(std::abs(f.harness.metric("fringe_scale") - scale) < 0.02);
    CHECK(f.harness.metric("fringe_scale_error") < 0.02);
    // What is left is the fringe frame's own noise, of 3, and what the scale misses.
    double const effect = rms_difference(s.science.image(), s.truth.image());
    double const left = rms_difference(f.result().image(), s.truth.image());
    CHECK(left * left - 9.0 * scale * scale < 0.05 * effect * 0.05 * effect);
  }
}

TEST_CASE("fringe: a frame without fringes stays as it is") {
  Scene const s = scene(0.0);
  Fixture f(s);
  CHECK(!f.harness.run().skipped());
  CHECK(std::abs(f.harness.metric("fringe_scale")) < 0.02);
  CHECK(rms_difference(f.result().image(), s.truth.image()) < 0.05 * amplitude / std::sqrt(2.0));
}

TEST_CASE("fringe: the same frame gives the same places and the same result") {
  Scene const s = scene(0.5);
  Fixture a(s), b(s), c(s);
  a.harness.run();
  b.harness.run();
  c.harness.set_id(DataId{{"visit", std::int64_t{77}}, {"detector", std::int64_t{3}}});
  c.harness.run();
  CHECK(largest_difference(a.result().image(), b.result().image()) == 0.0);
  CHECK(a.harness.metric("fringe_scale") != c.harness.metric("fringe_scale"));
}

TEST_CASE("fringe: masked and undefined pixels do not count, and NaN does not spread") {
  Scene s = scene(0.5);
  for (int y = 0; y < side; ++y)
    for (int x = 100; x < 120; ++x) {
      s.science.image()(x, y) = 1e6F;
      s.science.mask().image()(x, y) |= s.science.mask().bit("BAD");
    }
  s.science.image()(7, 8) = std::numeric_limits<float>::quiet_NaN();
  s.fringe.image()(200, 200) = std::numeric_limits<float>::quiet_NaN();
  Fixture f(s);
  f.harness.run();
  CHECK(std::abs(f.harness.metric("fringe_scale") - 0.5) < 0.02);
  int not_finite = 0;
  for (float const v : f.result().image().pixels()) not_finite += !std::isfinite(v);
  CHECK(not_finite == 1);
  CHECK((f.result().mask().image()(200, 200) & f.result().mask().bit("BAD")) != 0);
}

TEST_CASE("fringe: where a scale cannot be determined the frame stays, with a warning") {
  auto const warning_of = [](Scene const& scene, auto const& parameters) {
    Fixture f(scene, parameters);
    CHECK_FALSE(f.harness.run().skipped());
    CHECK(std::ranges::equal(f.result().image().pixels(), scene.science.image().pixels()));
    return f.harness.log_lines().back();
  };
  using Parameters = TaskHarness::Values;
  Scene s = scene(0.5);
  for (MaskPixel& m : s.science.mask().image().pixels()) m = s.science.mask().bit("NO_DATA");
  CHECK(warning_of(s, Parameters{}).find("nothing is usable") != std::string::npos);
  s = scene(0.5);
  for (float& v : s.fringe.image().pixels()) v = 1.0F;
  CHECK(warning_of(s, Parameters{}).find("the same value everywhere") != std::string::npos);
  s = scene(0.5);
  MaskPixel const no_data = s.science.mask().bit("NO_DATA");
  for (int y = 90; y < side; ++y)
    for (MaskPixel& m : s.science.mask().image().row(y)) m = no_data;
  CHECK(warning_of(s, Parameters{{"positions", 1000}, {"min_positions", 400}})
            .ends_with(" usable places of 1000, want 400"));
  // No room for a single large box.
  CHECK_FALSE(warning_of(s, Parameters{{"large_box", 400}}).empty());
}

TEST_CASE("fringe: parameters and frames that do not fit are refused") {
  Scene s = scene(0.5);
  CHECK_THROWS_WITH_AS(Fixture(s, {{"small_box", 60}}).harness.run(),
                       "fringe: 'small_box' (60) must be smaller than 'large_box' (60)",
                       ConfigError);
  s.fringe.masked_image() = MaskedImage(Box{0, 0, side, side - 1});
  CHECK_THROWS_WITH_AS(Fixture(s).harness.run(),
                       "the fringe frame has 400 x 399 pixels, the exposure 400 x 400", DataError);
}

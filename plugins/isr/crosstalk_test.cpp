// Crosstalk: ghosts are put in pixel by pixel, counted from the read corners, and taken out by the
// tasks.
#include "crosstalk.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <memory>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

#include "effect_frames.hpp"

using namespace almagest;
using namespace isr_test;

namespace {

constexpr int width = 43, height = 60;
constexpr double sky = 500.0;
auto const all_corners = std::vector{ReadCorner::lower_left, ReadCorner::lower_right,
                                     ReadCorner::upper_left, ReadCorner::upper_right};

Crosstalk matrix_of(double linear, double quadratic) {
  Crosstalk crosstalk;
  crosstalk.linear = Image<double>(4, 4);
  if (quadratic != 0.0) crosstalk.quadratic = Image<double>(4, 4);
  for (int source = 0; source < 4; ++source)
    for (int target = 0; target < 4; ++target) {
      if (source == target) continue;
      crosstalk.linear(target, source) = linear * (1.0 + 0.1 * source + 0.03 * target);
      if (quadratic != 0.0) crosstalk.quadratic(target, source) = quadratic * (1.0 + 0.2 * target);
    }
  return crosstalk;
}

/// Where the pixel stands that amplifier `a` reads after `i` others of row `j`.
Pixel pixel_of(Detector const& detector, int a, int i, int j) {
  Amplifier const& amplifier = detector.amplifiers[static_cast<std::size_t>(a)];
  ReadCorner const c = amplifier.read_corner;
  bool const right = c == ReadCorner::lower_right || c == ReadCorner::upper_right;
  bool const top = c == ReadCorner::upper_left || c == ReadCorner::upper_right;
  return {right ? amplifier.box.x1() - i : amplifier.box.x0 + i,
          top ? amplifier.box.y1() - j : amplifier.box.y0 + j};
}

/// What the detector does, in double precision.
Exposure with_ghosts(Exposure const& truth, Crosstalk const& crosstalk, double level) {
  Exposure seen = truth;
  for (int j = 0; j < height; ++j)
    for (int i = 0; i < width; ++i)
      for (int target = 0; target < 4; ++target) {
        double sum = 0.0;
        for (int source = 0; source < 4; ++source) {
          double const s = truth.image().at(pixel_of(truth.detector, source, i, j)) - level;
          sum += crosstalk.linear(target, source) * s;
          if (!crosstalk.quadratic.empty()) sum += crosstalk.quadratic(target, source) * s * s;
        }
        seen.image().at(pixel_of(truth.detector, target, i, j)) += static_cast<float>(sum);
      }
  return seen;
}

Exposure scene(std::vector<ReadCorner> const& corners) {
  Exposure exposure = exposure_of(four_amplifiers(width, height, corners));
  add_stars(exposure.image(), sky, 60000.0, 2.0, 15, 3);
  return exposure;
}

Exposure corrected(Exposure exposure, Crosstalk crosstalk, TaskHarness::Values values = {}) {
  TaskHarness harness(std::make_unique<isr::CrosstalkCorrection<Exposure>>(), values);
  harness.give("exposure", std::move(exposure));
  harness.give("crosstalk", std::move(crosstalk));
  harness.run();
  return harness.result<Exposure>("exposure");
}

}  // namespace

TEST_CASE("crosstalk: ghosts are removed to less than 5 %, whatever the read corners") {
  struct Case {
    double linear, quadratic;
  };
  for (auto const& [linear, quadratic] : {Case{-1.5e-4, 0.0}, Case{2.3e-4, -5e-10}}) {
    CAPTURE(linear);
    auto const like_hsc = std::vector{ReadCorner::lower_left, ReadCorner::lower_right,
                                      ReadCorner::lower_left, ReadCorner::lower_right};
    for (auto const& corners : {all_corners, like_hsc}) {
      Exposure const truth = scene(corners);
      Crosstalk const crosstalk = matrix_of(linear, quadratic);
      Exposure const seen = with_ghosts(truth, crosstalk, sky);
      double const effect = largest_difference(truth.image(), seen.image());
      CHECK(effect > 3.0);
      // The median of the detector is the sky.
      CHECK(largest_difference(truth.image(), corrected(seen, crosstalk).image()) < 0.02 * effect);
    }
  }
}

TEST_CASE("crosstalk: each background is what its name says") {
  Crosstalk const crosstalk = matrix_of(1e-3, 0.0);
  Exposure frame = exposure_of(four_amplifiers(width, height));
  for (int x = 0; x < 4 * width; ++x)
    for (int y = 0; y < height; ++y) frame.image()(x, y) = x < 2 * width ? 1000.0F : 3000.0F;
  auto const first = [&](char const* background) {
    return corrected(frame, crosstalk, {{"background", background}}).image()(0, 0);
  };
  // Amplifier 0 receives 1e-3·(1.1, 1.2, 1.3) of amplifiers 1, 2 and 3.
  CHECK(first("none") == doctest::Approx(1000.0 - 1.1 - 3.6 - 3.9));
  CHECK(first("amplifier") == doctest::Approx(1000.0));
  // The median of as many pixels at 1000 as at 3000 is 2000.
  CHECK(first("detector") == doctest::Approx(1000.0 + 1.1 - 1.2 - 1.3));
  // BAD pixels do not count: the median is 1000.
  for (int x = 2 * width; x < 4 * width; ++x) frame.mask().image()(x, 3) |= frame.mask().bit("BAD");
  CHECK(first("detector") == doctest::Approx(1000.0 - 2.4 - 2.6));
}

TEST_CASE("crosstalk: an amplifier that is wholly BAD is nobody's source") {
  Exposure seen = exposure_of(four_amplifiers(width, height, all_corners));
  for (int y = 0; y < seen.bbox().height; ++y)
    for (int x = 0; x < seen.bbox().width; ++x) {
      bool const dead = seen.detector.amplifiers[0].box.contains(x, y);
      seen.image()(x, y) = dead ? 12000.0F : 500.0F;  // its overscan level was not subtracted
      if (dead) seen.mask().image()(x, y) = seen.mask().bit("BAD");
    }
  Exposure const result = corrected(seen, matrix_of(1e-3, 0.0));
  for (std::size_t k = 1; k < 4; ++k) {
    Box const& box = seen.detector.amplifiers[k].box;
    CHECK(result.image().at({box.x0 + 5, box.y0 + 5}) == doctest::Approx(500.0).epsilon(1e-6));
  }
}

TEST_CASE("crosstalk: raw frames are matched in the order of read-out") {
  // The raw images of all four amplifiers begin with the pixel that is read first, as LSST's do;
  // in the assembled frame they are mirrored each in its way.
  RawExposure raw;
  raw.detector = four_amplifiers(width, height, all_corners);
  for (std::size_t a = 0; a < 4; ++a) {
    Amplifier& amplifier = raw.detector.amplifiers[a];
    amplifier.flip_x = a % 2 == 1;
    amplifier.flip_y = a >= 2;
    amplifier.raw_data = {3, 1, width, height};
    raw.channels.push_back({Image<float>(width + 10, height + 5), {}});
  }
  raw.channels[2].image(3 + 7, 1 + 9) = 50000.0F;
  TaskHarness harness(std::make_unique<isr::CrosstalkCorrection<RawExposure>>(),
                      {{"background", "none"}});
  harness.give("raw", raw);
  harness.give("crosstalk", matrix_of(1e-4, 0.0));
  harness.run();
  RawExposure const& result = harness.result<RawExposure>("raw");
  for (std::size_t a : {0U, 1U, 3U}) {
    Image<float> const& image = result.channels[a].image;
    Mask const& mask = result.channels[a].mask;
    CHECK(image(3 + 7, 1 + 9) == doctest::Approx(-50000.0 * 1e-4 * (1.2 + 0.03 * double(a))));
    CHECK(mask.image()(3 + 7, 1 + 9) == mask.bit("CROSSTALK"));
    double rest = 0.0;
    int flagged = 0;
    for (float const v : image.pixels()) rest += std::abs(v);
    for (MaskPixel const m : mask.image().pixels()) flagged += m != 0;
    CHECK(rest == doctest::Approx(std::abs(image(3 + 7, 1 + 9))));
    CHECK(flagged == 1);
  }
  CHECK(result.channels[2].image(3 + 7, 1 + 9) == 50000.0F);
}

TEST_CASE("crosstalk: CROSSTALK is set where a source or a correction is large") {
  Exposure frame = exposure_of(four_amplifiers(width, height));
  frame.image()(10, 20) = 45001.0F;  // amplifier 0, read from the left
  frame.image()(11, 20) = 44999.0F;
  Crosstalk crosstalk = matrix_of(1e-4, 0.0);
  crosstalk.linear(2, 0) = 0.0;  // amplifier 2 sees nothing of it
  auto const count = [](Exposure const& e) {
    MaskPixel const bit = e.mask().bit("CROSSTALK");
    int n = 0;
    for (MaskPixel const m : e.mask().image().pixels()) n += (m & bit) != 0;
    return n;
  };
  Exposure const by_source = corrected(frame, crosstalk);
  MaskPixel const bit = by_source.mask().bit("CROSSTALK");
  CHECK(count(by_source) == 2);
  CHECK((by_source.mask().image()(2 * width - 1 - 10, 20) & bit) != 0);  // read from the right
  CHECK((by_source.mask().image()(4 * width - 1 - 10, 20) & bit) != 0);
  // 4.5 adu are more than 4, in both pixels and both targets.
  CHECK(count(corrected(frame, crosstalk, {{"min_pixel", 0.0}, {"min_correction", 4.0}})) == 4);
  CHECK(count(corrected(frame, crosstalk, {{"min_pixel", 0.0}})) == 0);
}

TEST_CASE("crosstalk: nothing changes without it, and NaN does not spread") {
  Exposure frame = scene(all_corners);
  CHECK(largest_difference(frame.image(), corrected(frame, matrix_of(0.0, 0.0)).image()) == 0.0);
  frame.image()(5, 5) = std::numeric_limits<float>::quiet_NaN();
  frame.image()(6, 5) = std::numeric_limits<float>::infinity();
  int not_finite = 0;
  Exposure const result = corrected(frame, matrix_of(1e-4, 0.0));
  for (float const v : result.image().pixels()) not_finite += !std::isfinite(v);
  CHECK(not_finite == 2);
}

TEST_CASE("crosstalk: names put the matrix in the detector's order") {
  Exposure frame = exposure_of(four_amplifiers(width, height));
  frame.image()(0, 0) = 10000.0F;
  Crosstalk crosstalk = matrix_of(0.0, 0.0);
  crosstalk.amplifiers = {"A3", "A2", "A1", "A0"};
  crosstalk.linear(1, 3) = 1e-3;  // from A0 to A2
  Exposure const result = corrected(frame, crosstalk);
  CHECK(result.image()(2 * width, 0) == doctest::Approx(-10.0));
  CHECK(result.image()(width, 0) == 0.0F);
}

TEST_CASE("crosstalk: unusable matrices are refused") {
  Exposure const frame = scene(all_corners);
  Crosstalk wrong = matrix_of(1e-4, 0.0);
  wrong.linear(1, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(corrected(frame, wrong),
                       "crosstalk: the linear coefficient of source 2 and target 1 is not finite",
                       DataError);
  wrong.linear = Image<double>(3, 4);
  CHECK_THROWS_WITH_AS(corrected(frame, wrong),
                       "crosstalk: the linear matrix has 4 rows and 3 columns, but detector 'test' "
                       "wants 4 of each",
                       DataError);
  wrong = matrix_of(1e-4, 0.0);
  wrong.amplifiers = {"A0", "A1", "A2", "B3"};
  CHECK_THROWS_WITH_AS(corrected(frame, wrong),
                       "the crosstalk matrix has no amplifier 'A3' of detector 'test'", DataError);
  Exposure uneven = frame;
  uneven.detector.amplifiers[3].box.width -= 1;
  CHECK_THROWS_WITH_AS(corrected(uneven, matrix_of(1e-4, 0.0)),
                       "crosstalk: amplifiers 'A0' and 'A3' differ in size", DataError);
}

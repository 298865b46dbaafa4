#include "overscan.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "almagest/error.hpp"

#include "test_frames.hpp"

using namespace almagest;
using namespace isr;
using namespace isr::test;

namespace {

constexpr float no_number = std::numeric_limits<float>::quiet_NaN();

PixelView<float const> view(Image<float> const& image) {
  return {image.pixels().data(), image.width(), image.height(), image.width()};
}

/// Root mean square over the data section of what an overscan correction leaves, where the truth
/// is 0 but for white noise of the given sigma, which is taken out again.
double residual_rms(Image<float> const& image, Box const& data) {
  // Means of rows: the pixels' noise is 1/√width of what it was, and known.
  double sum = 0.0;
  for (int y = data.y0; y <= data.y1(); ++y) {
    auto const row = image.row(y).subspan(static_cast<std::size_t>(data.x0),
                                          static_cast<std::size_t>(data.width));
    double const mean = std::accumulate(row.begin(), row.end(), 0.0) / data.width;
    sum += mean * mean;
  }
  return std::sqrt(sum / data.height);
}

}  // namespace

TEST_CASE("sorted lines: any length is sorted, along rows and along columns") {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0.0F, 10.0F);
  for (int const length : {1, 2, 3, 5, 16, 31, 48, 58, 64, 100}) {
    CAPTURE(length);
    Image<float> image(length, 11);
    fill(image, [&](int, int) { return normal(random); });
    Image<float> turned(11, length);
    fill(turned, [&](int x, int y) { return image(y, x); });
    SortedLines const rows(view(image), {}, Lines::rows);
    SortedLines const columns(view(turned), {}, Lines::columns);
    REQUIRE(rows.size() == 11);
    REQUIRE(columns.size() == 11);
    for (int y = 0; y < 11; ++y) {
      std::vector<float> expected(image.row(y).begin(), image.row(y).end());
      std::ranges::sort(expected);
      auto const line = static_cast<std::size_t>(y);
      REQUIRE(rows.count(line) == expected.size());
      for (std::size_t rank = 0; rank < expected.size(); ++rank) {
        CHECK(rows.value(line, rank) == expected[rank]);
        CHECK(columns.value(line, rank) == expected[rank]);
      }
    }
  }
}

TEST_CASE("sorted lines: NaN, infinite, masked and too high pixels are not counted") {
  Image<float> image(6, 1);
  fill(image, [](int x, int) { return x; });
  image(0, 0) = no_number;
  image(1, 0) = -std::numeric_limits<float>::infinity();
  Mask mask(image.bbox());
  mask.image()(2, 0) = mask.bit("SAT");
  mask.image()(3, 0) = mask.bit("CR");
  SortedLines const lines(
      view(image), {{mask.image().pixels().data(), 6, 1, 6}, mask.bit("SAT"), 5.0}, Lines::rows);
  REQUIRE(lines.count(0) == 2);
  CHECK(lines.value(0, 0) == 3.0F);
  CHECK(lines.value(0, 1) == 4.0F);
}

TEST_CASE("overscan: one hot pixel moves neither median nor mean of its row") {
  // A cosmic ray of 500 adu: below the first cut, far beyond 3 sigma.
  std::mt19937 random(1);
  std::normal_distribution<double> normal(1000.0, 5.0);
  Image<float> image(64, 200);
  fill(image, [&](int, int) { return normal(random); });
  for (LineAverage const average : {LineAverage::median, LineAverage::mean}) {
    LineLevels const before = line_levels({view(image), {}, Lines::rows}, average, {});
    Image<float> hit = image;
    hit(20, 100) += 500.0F;
    LineLevels const after = line_levels({view(hit), {}, Lines::rows}, average, {});
    CHECK(std::abs(after.levels[100] - before.levels[100]) < 0.5);
    CHECK(after.levels[99] == before.levels[99]);
    // The document's sigma of 0.74 interquartile ranges, of few pixels.
    CHECK(before.noise == doctest::Approx(5.0).epsilon(0.05));
  }
}

TEST_CASE("overscan: a row far off is cut about the median of the whole box, or only above it") {
  Image<float> image(8, 9);
  fill(image, [](int x, int y) { return (y == 4 ? 2000.0 : y == 6 ? -2000.0 : 0.0) + x % 2; });
  SortedLines const lines(view(image), {}, Lines::rows);
  LineLevels const both = line_levels(lines, LineAverage::median, {});
  CHECK(std::isnan(both.levels[4]));
  CHECK(std::isnan(both.levels[6]));
  CHECK(both.poor[4]);
  CHECK_FALSE(both.poor[5]);
  LineLevels const above = line_levels(lines, LineAverage::median, {1000.0, true, 3.0});
  CHECK(std::isnan(above.levels[4]));
  CHECK(above.levels[6] == -1999.5);
}

TEST_CASE("overscan: rows without a level take the median of five on either side") {
  std::vector<double> levels(20);
  std::iota(levels.begin(), levels.end(), 0.0);
  levels[10] = levels[11] = levels[0] = std::numeric_limits<double>::quiet_NaN();
  REQUIRE(fill_gaps(levels));
  CHECK(levels[10] == 10.5);  // of 5 … 9 and 12 … 16
  CHECK(levels[11] == 10.5);
  CHECK(levels[0] == 3.0);  // of 1 … 5
  std::vector<double> none(4, std::numeric_limits<double>::quiet_NaN());
  CHECK_FALSE(fill_gaps(none));
}

TEST_CASE("overscan: flagged columns are left out with their neighbours, jumps are smoothed") {
  std::vector<double> levels(30, 1.0);
  std::vector<bool> flagged(30);
  flagged[2] = flagged[20] = true;
  leave_out(levels, flagged, 7);
  for (int i = 0; i < 30; ++i)
    CHECK(std::isnan(levels[static_cast<std::size_t>(i)]) == (i <= 9 || (i >= 13 && i <= 27)));
  std::vector<double> steps{0.0, 0.0, 9.0, 0.0, 0.0, 4.0, 0.0};
  smooth_jumps(steps, 5.0);
  CHECK(steps == std::vector<double>{0.0, 0.0, 0.0, 0.0, 0.0, 4.0, 0.0});
}

TEST_CASE("overscan: the spline follows a parabola, also beyond the outermost bins' centres") {
  std::vector<double> levels(4176);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    double const t = static_cast<double>(i) / 4176.0;
    levels[i] = 1164.0 + 2.0 * t + 0.5 * t * t;
  }
  auto const smooth = spline_through_bins(levels, 30);
  REQUIRE(smooth);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    double const t = static_cast<double>(i) / 4176.0;
    CHECK_MESSAGE(std::abs((*smooth)[i] - (1164.0 + 2.0 * t + 0.5 * t * t)) < 2e-4, i);
  }
  CHECK_FALSE(spline_through_bins(std::vector<double>(100, no_number), 30));
}

// The bar: overscan residual below 0.1 adu rms. HSC's overscan (16 columns, drift and ramp of the
// simulator's section) needs the spline for it: a row's own median is known to 1.6·1.25/4 adu.
TEST_CASE("overscan: what the spline leaves of HSC's drift is below 0.1 adu rms") {
  std::mt19937 random(7);
  std::normal_distribution<double> normal(0.0, 1.56);
  RawExposure raw = one_amplifier(512, 4176, 16);
  fill(raw.channels[0].image, [&](int, int y) {
    return 1164.0 + 0.2 * std::sin(y / 700.0) + 1.5 * std::exp(-y / 300.0) + normal(random);
  });
  auto const harness = run_task<Overscan>("raw", raw, {{"method", std::string("akima_spline")}});
  RawExposure const& corrected = harness->result<RawExposure>("raw");
  // 0.069 adu of it is the noise of a mean of 512 pixels.
  CHECK(residual_rms(corrected.channels[0].image, raw.amplifier(0).raw_data) < 0.1);
  CHECK(harness->metric("level") == doctest::Approx(1164.1).epsilon(1e-3));
  CHECK(corrected.metadata.number("ISR_OSCAN_LEVEL0") == harness->metric("level"));
}

TEST_CASE("overscan: of LSST's 58 columns, without noise, the row's median leaves nothing") {
  RawExposure raw = one_amplifier(509, 2000, 64);
  fill(raw.channels[0].image, [&](int x, int y) {
    double const tail = x >= 509 ? 4.4 * std::pow(0.1, x - 509) : 0.0;  // deferred charge
    return 27026.0 + 4.0 * std::sin(y / 300.0) + tail;
  });
  auto const harness = run_task<Overscan>("raw", raw, {{"skip_leading", 3}, {"skip_trailing", 3}});
  Image<float> const& image = harness->result<RawExposure>("raw").channels[0].image;
  CHECK(residual_rms(image, raw.amplifier(0).raw_data) < 0.01);
}

TEST_CASE("overscan: serial and parallel together, a bright column's charge stays out") {
  RawExposure raw = one_amplifier(100, 80, 20, 30);
  std::mt19937 random(5);
  std::normal_distribution<double> normal(0.0, 2.0);
  auto const column_level = [](int x) { return x < 100 ? 0.05 * x : 0.0; };
  fill(raw.channels[0].image, [&](int x, int y) {
    double const bleed = x >= 49 && x <= 51 ? 30000.0 : 0.0;
    return 5000.0 + 0.1 * y + column_level(x) + bleed + normal(random);
  });
  Amplifier& amplifier = raw.detector.amplifiers[0];
  amplifier.saturation = 20000.0;
  Mask& mask = raw.channels[0].made_mask();
  for (int y = 0; y < 110; ++y)
    for (int x = 49; x <= 51; ++x) mask.image()(x, y) = mask.bit("SAT");

  auto const serial = run_task<Overscan>("raw", raw);
  RawExposure const& rows = serial->result<RawExposure>("raw");
  // Rows of the parallel overscan were levelled, too.
  CHECK(std::abs(rows.channels[0].image(10, 105) - column_level(10)) < 10.0);
  auto const parallel = run_task<Overscan>("raw", rows,
                                           {{"direction", std::string("parallel")},
                                            {"skip_leading", 3},
                                            {"skip_trailing", 3},
                                            {"maximum_deviation", 100.0},
                                            {"only_above", true},
                                            {"grow_saturated", 7},
                                            {"grow_bad", 2},
                                            {"largest_jump", 5.0}});
  Image<float> const& image = parallel->result<RawExposure>("raw").channels[0].image;
  double const column_noise = 2.0 * 1.25 / std::sqrt(24.0);
  for (int x = 0; x < 100; ++x) {
    double mean = 0.0;
    for (int y = 0; y < 80; ++y) mean += image(x, y) / 80.0;
    double const left = x >= 49 && x <= 51 ? mean - 30000.0 : mean;
    // Beside the bleeding columns the level is that of columns up to 12 away.
    CHECK_MESSAGE(std::abs(left) < 5.0 * column_noise, "column " << x << ": " << left);
  }
}

TEST_CASE("overscan: an amplifier that is read from the right has its first pixels there") {
  RawExposure raw = one_amplifier(20, 4, 6);
  Amplifier& amplifier = raw.detector.amplifiers[0];
  amplifier.raw_data = {6, 0, 20, 4};
  amplifier.raw_serial_overscan = {0, 0, 6, 4};
  fill(raw.channels[0].image, [](int x, int) { return x == 5 ? 900.0 : x == 4 ? 800.0 : 100.0; });
  auto const harness = run_task<Overscan>(
      "raw", raw, {{"skip_leading", 2}, {"method", std::string("mean_per_row")}});
  CHECK(harness->result<RawExposure>("raw").channels[0].image(10, 2) == 0.0F);
}

TEST_CASE("overscan: bad input is a clear error, a dead amplifier is marked BAD") {
  CHECK_THROWS_WITH_AS(run_task<Overscan>("raw", one_amplifier(10, 10, 0)),
                       "amplifier 'C00' has no serial overscan: the camera's description gives it "
                       "none",
                       DataError);
  CHECK_THROWS_WITH_AS(run_task<Overscan>("raw", one_amplifier(10, 10, 4), {{"skip_leading", 4}}),
                       "amplifier 'C00': skip_leading = 4 and skip_trailing = 0 leave nothing of "
                       "its serial overscan "
                       "of 4 pixels",
                       DataError);
  RawExposure raw = one_amplifier(10, 10, 4);
  fill(raw.channels[0].image, [](int, int) { return no_number; });
  CHECK_THROWS_WITH_AS(run_task<Overscan>("raw", raw),
                       "no amplifier has usable pixels in its serial overscan", DataError);
  raw.detector.amplifiers[0].raw_serial_overscan = {10, 0, 5, 10};
  CHECK_THROWS_AS(run_task<Overscan>("raw", raw), DataError);

  // Beside a living one.
  raw = one_amplifier(10, 10, 4);
  raw.detector.amplifiers.push_back(raw.detector.amplifiers[0]);
  raw.detector.amplifiers[1].name = "C01";
  raw.channels.push_back(raw.channels[0]);
  fill(raw.channels[1].image, [](int, int) { return no_number; });
  auto const harness = run_task<Overscan>("raw", raw);
  RawExposure const& result = harness->result<RawExposure>("raw");
  CHECK(result.channels[0].mask.image().empty());
  CHECK(result.channels[1].mask.image()(3, 3) == result.channels[1].mask.bit("BAD"));
  CHECK(harness->log_lines().front().find("'C01' is marked BAD") != std::string::npos);
}

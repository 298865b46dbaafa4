// Real LSST frames: expected values from the ISR document, section 3.3 and 8.21, and an assembled
// image that the LSST project published.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "almagest/fits.hpp"
#include "almagest/statistics.hpp"

#include "assemble.hpp"
#include "overscan.hpp"
#include "test_frames.hpp"

using namespace almagest;
using namespace isr;
using namespace isr::test;

namespace {

// These files carry checksums of other pixels.
constexpr auto stale = fits::Checksums::ignore;

/// Segment RC of an e2v chip (ISR document 3.3): row 1 is mirrored in x and y.
Amplifier e2v_amplifier(int row, int column) {
  Amplifier amplifier;
  amplifier.name = "C" + std::to_string(row) + std::to_string(column);
  amplifier.raw_prescan = {0, 0, 10, 2002};
  amplifier.raw_data = {10, 0, 512, 2002};
  amplifier.raw_serial_overscan = {522, 0, 54, 2002};
  amplifier.raw_parallel_overscan = {10, 2002, 512, 46};
  amplifier.box = {column * 512, row * 2002, 512, 2002};
  amplifier.flip_x = amplifier.flip_y = row == 1;
  return amplifier;
}

}  // namespace

TEST_CASE("assemble: e2v_spot becomes the published image, every pixel") {
  auto const folder = lsst_pixels();
  if (!folder) return;
  fits::Reader file(*folder / "e2v_spot.fits.gz", stale);
  RawExposure raw;
  raw.detector.name = "R22_S11";
  raw.detector.box = {0, 0, 4096, 4004};
  for (int row = 0; row < 2; ++row)
    for (int column = 0; column < 8; ++column) {
      raw.detector.amplifiers.push_back(e2v_amplifier(row, column));
      std::string const name = "Segment" + std::to_string(row) + std::to_string(column);
      raw.channels.push_back({file.image<float>(file.require(name)), {}});
    }
  auto const harness = run_task<Assemble>("raw", raw);
  Exposure const& exposure = harness->result<Exposure>("exposure");
  Image<float> const expected =
      fits::Reader(*folder / "e2v_expected_assembled.fits.gz", stale).image<float>(0);
  REQUIRE(exposure.bbox() == expected.bbox());
  std::size_t different = 0, lit = 0;
  for (std::size_t i = 0; i < expected.pixels().size(); ++i) {
    different += exposure.image().pixels()[i] != expected.pixels()[i];
    lit += expected.pixels()[i] != 0.0F;
  }
  CHECK(different == 0);
  CHECK(lit == 1788683);
  CHECK(std::ranges::all_of(exposure.mask().image().pixels(), [](MaskPixel m) { return m == 0; }));
}

TEST_CASE("overscan: the reference numbers of a real e2v amplifier") {
  auto const folder = lsst_pixels();
  if (!folder) return;
  fits::Reader file(*folder / "ts8-201807241028453-RTM-010-S11-det067.fits", stale);
  RawExposure raw;
  raw.detector.name = "det067";
  raw.detector.box = {0, 0, 512, 2002};
  raw.detector.amplifiers = {e2v_amplifier(0, 0)};
  raw.channels.push_back({file.image<float>(file.require("Segment00")), {}});
  Image<float> const& image = raw.channels[0].image;

  OverscanMethod method;
  method.skip_leading = method.skip_trailing = 3;
  OverscanLevels const found = measure_overscan(raw, 0, method);
  REQUIRE(found.first == 0);
  REQUIRE(found.levels.size() == 2048);  // rows of the parallel overscan too
  CHECK(found.levels[0] == 27032.5);
  CHECK(found.levels[1] == 27030.0);
  CHECK(found.levels[1000] == 27027.0);
  CHECK(found.levels[2001] == 27023.5);
  double mean = 0.0;
  for (double const level : found.levels) mean += level / 2048.0;
  CHECK(std::abs(mean - 27026.26) < 0.005);

  // Noise about the rows' plain medians.
  OverscanMethod plain = method;
  plain.rejection.sigmas = 1e9;
  std::vector<double> const medians = measure_overscan(raw, 0, plain).levels;
  std::vector<double> deviations;
  double squares = 0.0;
  for (int y = 0; y < 2048; ++y)
    for (int x = 525; x < 573; ++x) {
      deviations.push_back(std::abs(image(x, y) - medians[static_cast<std::size_t>(y)]));
      squares += deviations.back() * deviations.back();
    }
  double first_pixel = 0.0, last_data = 0.0;
  for (int y = 0; y < 2002; ++y) {
    double const level = found.levels[static_cast<std::size_t>(y)];
    first_pixel += (image(522, y) - level) / 2002.0;
    last_data += (image(521, y) - level) / 2002.0;
  }
  double const n = static_cast<double>(deviations.size());
  CHECK(std::abs(1.4826 * quantile(std::span<double>(deviations), 0.5) - 5.93) < 0.005);
  CHECK(std::abs(std::sqrt(squares / n) - 6.38) < 0.005);
  CHECK(std::abs(first_pixel - 4.4) < 0.05);
  CHECK(std::abs(first_pixel / (last_data * 522.0) - 4.1e-7) < 0.05e-7);

  auto const harness = run_task<Overscan>("raw", raw, {{"skip_leading", 3}, {"skip_trailing", 3}});
  RawExposure const& corrected = harness->result<RawExposure>("raw");
  std::vector<float> data;
  for (int y = 0; y < 2002; ++y)
    for (int x = 10; x < 522; ++x) data.push_back(corrected.channels[0].image(x, y));
  CHECK(quantile(std::span<float>(data), 0.5) == 20776.5);
  // The parallel overscan after that: rows 2005 … 2044.
  method.lines = Lines::columns;
  OverscanLevels const parallel = measure_overscan(corrected, 0, method);
  CHECK(median_of(parallel.levels) == 0.5);
}

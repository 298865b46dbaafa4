// Deferred charge: rows are read out pixel by pixel through a register with traps and an output
// that remembers, and the task puts the charge back.
#include "deferred_charge.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <memory>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "almagest/statistics.hpp"
#include "almagest/task_harness.hpp"

#include "effect_frames.hpp"

using namespace almagest;
using namespace isr_test;
using isr::DeferredCharge;

namespace {

constexpr int prescan = 10, data = 200, overscan = 24, rows = 12;

/// What comes out of a register whose first pixel is next to the output, when every transfer leaves
/// a part in a trap, and every packet takes a part of what it finds in the trap along.
std::vector<double> transferred(std::vector<double> const& charge, DeferredCharge const& p) {
  std::size_t const cells = prescan + data;
  std::vector<double> packet(cells, 0.0), trap(cells, 0.0), out;
  std::copy(charge.begin(), charge.begin() + data, packet.begin() + prescan);
  for (int clock = 0; clock < prescan + data + overscan; ++clock) {
    for (std::size_t cell = 0; cell < cells; ++cell) {
      double const left = p.cti * packet[cell];
      double const taken = p.cti_release * trap[cell];
      trap[cell] += left - taken;
      packet[cell] += taken - left;
    }
    if (clock >= prescan) out.push_back(packet[0]);
    std::rotate(packet.begin(), packet.begin() + 1, packet.end());
    packet.back() = 0.0;
  }
  return out;
}

/// What an output reads that holds a part of the largest packet so far, which it forgets.
std::vector<double> drifted(std::vector<double> const& packets, DeferredCharge const& p) {
  std::vector<double> out;
  double held = 0.0;
  for (double const packet : packets) {
    held *= std::exp(-1.0 / p.drift_length);
    out.push_back(packet + held);
    held = std::max(held, p.drift_scale * packet);
  }
  return out;
}

struct Frames {
  RawExposure truth, seen;
};

Frames read_out(DeferredCharge const& p, ReadCorner corner) {
  Frames frames;
  Amplifier amplifier;
  amplifier.name = "C00";
  bool const right = corner == ReadCorner::lower_right;
  amplifier.read_corner = corner;
  amplifier.raw_data = {right ? overscan : prescan, 1, data, rows};
  amplifier.raw_serial_overscan = {right ? 0 : prescan + data, 1, overscan, rows};
  amplifier.further = {{"cti", p.cti},
                       {"cti_release", p.cti_release},
                       {"drift_scale", p.drift_scale},
                       {"drift_length", p.drift_length}};
  frames.truth.detector.amplifiers = {amplifier};
  Image<float> scene(data, rows);
  add_stars(scene, 2000.0, 60000.0, 1.5, 10, 7);
  Image<float> truth(prescan + data + overscan, rows + 2), seen = truth;
  for (int y = 0; y < rows; ++y) {
    std::vector<double> charge(scene.row(y).begin(), scene.row(y).end());
    std::vector<double> const out = drifted(transferred(charge, p), p);
    charge.resize(out.size(), 0.0);
    for (std::size_t i = 0; i < out.size(); ++i) {
      int const n = prescan + static_cast<int>(i);
      int const x = right ? truth.width() - 1 - n : n;
      truth(x, y + 1) = static_cast<float>(charge[i]);
      seen(x, y + 1) = static_cast<float>(out[i]);
    }
  }
  frames.seen = frames.truth;
  frames.truth.channels.push_back({truth, {}});
  frames.seen.channels.push_back({seen, {}});
  return frames;
}

RawExposure corrected(RawExposure raw, TaskHarness::Values values = {}) {
  TaskHarness harness(std::make_unique<isr::DeferredChargeCorrection>(), values);
  harness.give("raw", std::move(raw));
  harness.run();
  return harness.result<RawExposure>("raw");
}

}  // namespace

TEST_CASE("deferred charge: what a register and an output defer is put back") {
  struct Case {
    char const* name;
    DeferredCharge parameters;
  };
  Case const cases[] = {{"traps that empty at once", {3e-6, 1.0, 0.0, 2.0}},
                        {"traps that empty slowly", {3e-6, 0.6, 0.0, 2.0}},
                        {"drift", {0.0, 1.0, 5e-4, 3.0}},
                        {"both", {4e-7, 0.8, 2e-4, 1.7}}};
  for (Case const& c : cases)
    for (ReadCorner const corner : {ReadCorner::lower_left, ReadCorner::lower_right}) {
      CAPTURE(c.name);
      auto const [truth, seen] = read_out(c.parameters, corner);
      Image<float> const result = corrected(seen).channels[0].image;
      double const effect = largest_difference(truth.channels[0].image, seen.channels[0].image);
      double const left = largest_difference(truth.channels[0].image, result);
      CAPTURE(effect);
      CHECK(effect > 3.0);
      CHECK(left < 0.05 * effect);
      CHECK(rms_difference(truth.channels[0].image, result) <
            0.03 * rms_difference(truth.channels[0].image, seen.channels[0].image));
    }
}

TEST_CASE("deferred charge: parameters stand in for columns that the camera does not have") {
  auto [truth, seen] = read_out({3e-6, 1.0, 0.0, 2.0}, ReadCorner::lower_left);
  RawExposure const by_columns = corrected(seen);
  seen.detector.amplifiers[0].further.clear();
  RawExposure const by_parameters = corrected(seen, {{"cti", 3e-6}});
  CHECK(largest_difference(by_columns.channels[0].image, by_parameters.channels[0].image) == 0.0);
}

TEST_CASE("deferred charge: what was measured stands above what the camera says") {
  auto [truth, seen] = read_out({3e-6, 1.0, 0.0, 2.0}, ReadCorner::lower_left);
  auto const with_table = [raw = seen](AmplifierTable table) {
    TaskHarness harness(std::make_unique<isr::DeferredChargeCorrection>());
    harness.give("raw", raw);
    harness.give("deferred_charge", std::move(table));
    harness.run();
    return harness.result<RawExposure>("raw").channels[0].image;
  };
  Image<float> const before = seen.channels[0].image;
  CHECK(largest_difference(before, with_table({{{"C00", {{"cti", 0.0}}}}})) == 0.0);
  CHECK(largest_difference(before, with_table({{{"C00", {}}}})) > 3.0);  // nothing measured
  CHECK_THROWS_WITH_AS(with_table({{{"C01", {{"cti", 0.0}}}}}),
                       "the table of deferred charge has no amplifier 'C00'", DataError);
}

TEST_CASE("deferred charge: nothing changes without it; NaN stays alone") {
  auto [truth, seen] = read_out({}, ReadCorner::lower_left);
  CHECK(largest_difference(truth.channels[0].image, corrected(seen).channels[0].image) == 0.0);
  seen.channels[0].image(50, 5) = std::numeric_limits<float>::quiet_NaN();
  seen.detector.amplifiers[0].further = {{"cti", 1e-6}, {"drift_scale", 1e-4}};
  RawExposure const result = corrected(seen);
  int not_finite = 0;
  for (float const v : result.channels[0].image.pixels()) not_finite += !std::isfinite(v);
  CHECK(not_finite == 1);
}

TEST_CASE("deferred charge: unusable numbers are refused by amplifier") {
  auto [truth, seen] = read_out({}, ReadCorner::lower_left);
  auto const refused = [raw = seen](char const* column, double value, char const* message) {
    RawExposure wrong = raw;
    wrong.detector.amplifiers[0].further[column] = value;
    CHECK_THROWS_WITH_AS(corrected(wrong), message, DataError);
  };
  refused("cti", std::numeric_limits<double>::quiet_NaN(),
          "amplifier 'C00': deferred charge: cti is nan, want 0..0.001");
  refused("cti_release", 0.0,
          "amplifier 'C00': deferred charge: cti_release is 0.000000, want more than 0, at most 1");
  refused("drift_scale", -1.0,
          "amplifier 'C00': deferred charge: drift_scale is -1.000000, want 0..0.1");
  refused("drift_length", 0.0,
          "amplifier 'C00': deferred charge: drift_length is 0.000000, want more than 0, at most "
          "10000");
  RawExposure outside = seen;
  outside.detector.amplifiers[0].raw_data.height = 1000;
  outside.detector.amplifiers[0].further["cti"] = 1e-6;
  CHECK_THROWS_AS(corrected(outside), DataError);
}

TEST_CASE("deferred charge: a real e2v amplifier loses its first overscan pixel's surplus") {
  // ISR document 3.3 and 8.21: +4.4 adu, CTI = 4.1e-7.
  auto const path = real_data("lsst/pixels/ts8-201807241028453-RTM-010-S11-det067.fits");
  if (!path) return;
  fits::Reader reader(*path, fits::Checksums::ignore);
  Image<float> image = reader.image<float>(reader.require("Segment00"));
  Amplifier amplifier;
  amplifier.name = "C00";
  amplifier.raw_data = {10, 0, 512, 2002};
  amplifier.raw_serial_overscan = {522, 0, image.width() - 522, 2002};
  for (int y = 0; y < image.height(); ++y) {
    std::span<float> const row = image.row(y);
    std::vector<float> level(row.begin() + 525, row.begin() + 573);
    auto const median = static_cast<float>(quantile(level, 0.5));
    for (float& pixel : row) pixel -= median;
  }
  auto const column_mean = [&](Image<float> const& pixels, int x) {
    double sum = 0.0;
    for (int y = 0; y < 2002; ++y) sum += pixels(x, y) / 2002.0;
    return sum;
  };
  RawExposure raw;
  raw.detector.amplifiers = {amplifier};
  raw.channels.push_back({image, {}});
  double const before = column_mean(image, 522);
  CHECK(before == doctest::Approx(4.4).epsilon(0.03));
  TaskHarness harness(std::make_unique<isr::DeferredChargeCorrection>(), {{"cti", 4.1e-7}});
  harness.give("raw", raw);
  harness.run();
  Image<float> const& result = harness.result<RawExposure>("raw").channels[0].image;
  CHECK(std::abs(column_mean(result, 522)) < 0.05 * before);
  CHECK(harness.metric("first_overscan_pixel_after") <
        0.1 * harness.metric("first_overscan_pixel_before"));
  // In a flat, every data pixel gets from the one before what it loses.
  for (int x : {300, 400, 521})
    CHECK(std::abs(column_mean(result, x) - column_mean(image, x)) < 0.05);
}

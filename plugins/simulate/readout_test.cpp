#include "readout.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "almagest/amplifier_view.hpp"

namespace {

using namespace almagest;
using namespace simulate;

/// An amplifier of 20 × 12 pixels: 3 columns of prescan, 6 of overscan, 4 rows of parallel
/// overscan. Its raw image has the read corner at the lower left, or mirrored.
Amplifier amplifier(std::string name, Pixel first, bool flip_x, bool flip_y) {
  Amplifier a;
  a.name = std::move(name);
  a.box = {first.x, first.y, 20, 12};
  a.raw_prescan = {0, 0, 3, 12};
  a.raw_data = {3, 0, 20, 12};
  a.raw_serial_overscan = {23, 0, 6, 12};
  a.raw_parallel_overscan = {3, 12, 20, 4};
  a.flip_x = flip_x;
  a.flip_y = flip_y;
  a.read_corner = flipped(ReadCorner::lower_left, flip_x, flip_y);
  a.gain = 2.0;
  a.read_noise = 4.0;
  return a;
}

/// Four amplifiers that are read from the frame's corners.
Detector four_corners() {
  Detector detector;
  detector.name = "D";
  detector.box = {0, 0, 40, 24};
  detector.amplifiers = {amplifier("A", {0, 0}, false, false), amplifier("B", {20, 0}, true, false),
                         amplifier("C", {0, 12}, false, true),
                         amplifier("D", {20, 12}, true, true)};
  return detector;
}

Electronics quiet(std::size_t amplifiers) {
  Electronics e;
  e.deferred.resize(amplifiers);
  e.read_noise.assign(amplifiers, 4.0);
  e.bias.assign(amplifiers, 1000.0);
  return e;
}

/// A channel's data put where camera.toml says, in the words of Amplifier's documentation.
Image<double> assembled(std::vector<Image<std::int32_t>> const& raws, Detector const& detector) {
  Image<double> frame(detector.box);
  for (std::size_t k = 0; k < raws.size(); ++k) {
    Amplifier const& a = detector.amplifiers[k];
    for (int y = 0; y < a.box.height; ++y)
      for (int x = 0; x < a.box.width; ++x)
        frame(a.box.x0 + (a.flip_x ? a.box.width - 1 - x : x),
              a.box.y0 + (a.flip_y ? a.box.height - 1 - y : y)) =
            raws[k](a.raw_data.x0 + x, a.raw_data.y0 + y);
  }
  return frame;
}

}  // namespace

TEST_CASE(
    "read-out: every pixel's charge stands where assembly finds it, overscan shows the bias") {
  Detector const detector = four_corners();
  Image<float> electrons(detector.box);
  for (int y = 0; y < 24; ++y)
    for (int x = 0; x < 40; ++x) electrons(x, y) = static_cast<float>(2 * (100 * y + x));
  Readout const readout(channels_of(detector), quiet(4), 1);
  auto const raws = readout.read(electrons, 1);
  REQUIRE(raws.size() == 4);
  CHECK(raws[0].bbox() == Box{0, 0, 29, 16});
  Image<double> const frame = assembled(raws, detector);
  int different = 0;
  for (int y = 0; y < 24; ++y)
    for (int x = 0; x < 40; ++x) different += frame(x, y) != 1000 + 100 * y + x;
  CHECK(different == 0);
  for (auto const& raw : raws) {
    CHECK(raw(0, 5) == 1000);
    CHECK(raw(25, 5) == 1000);
    CHECK(raw(10, 14) == 1000);
  }
}

TEST_CASE("read-out: crosstalk appears at the same distance from the read corner") {
  Detector const detector = four_corners();
  Electronics electronics = quiet(4);
  electronics.effects.set(Effect::crosstalk);
  electronics.crosstalk.linear = Image<double>(4, 4);
  electronics.crosstalk.linear(3, 0) = 1e-3;  // from A to D
  electronics.crosstalk.linear(1, 2) = -2e-3;
  Image<float> electrons(detector.box);
  for (float& value : electrons.pixels()) value = 200.0F;  // 100 adu: the background
  electrons(4, 7) = 2 * 50100.0F;
  electrons(5, 20) = 2 * 20100.0F;  // of C: 3 rows from the top
  Image<double> const frame =
      assembled(Readout(channels_of(detector), electronics, 1).read(electrons, 1), detector);
  CHECK(frame(39 - 4, 23 - 7) == 1000 + 100 + 50);
  CHECK(frame(39 - 5, 3) == 1000 + 100 - 40);
  int elsewhere = 0;
  for (double const value : frame.pixels()) elsewhere += value == 1100;
  CHECK(elsewhere == 40 * 24 - 4);
}

TEST_CASE("read-out: squared linearity is undone by I (1 + c0 I), also at full scale") {
  Linearity linearity;
  linearity.type = Linearity::Type::squared;
  linearity.coefficients = {-3e-7};
  InverseLinearity const answer(linearity, 65535);
  REQUIRE(answer.active());
  for (double const signal : {0.0, 7.0, 1234.5, 30000.0, 62000.0}) {
    double const shown = answer.shown(signal);
    CHECK(shown * (1 - 3e-7 * shown) == doctest::Approx(signal).epsilon(1e-6));
    CHECK(answer.true_signal(shown) == doctest::Approx(signal).epsilon(1e-6));
  }
  CHECK(answer.shown(-5.0) == -5.0);
}

TEST_CASE("read-out: spline linearity meets its knots") {
  Linearity linearity;
  linearity.type = Linearity::Type::spline;
  linearity.coefficients = {0, 10000, 30000, 60000, 0, 50, -40, 200};  // x…, y…
  InverseLinearity const answer(linearity, 65535);
  // What shows 30000 has 30000 − (−40) in truth.
  CHECK(answer.shown(30040.0) == doctest::Approx(30000.0).epsilon(1e-7));
  CHECK(answer.shown(9950.0) == doctest::Approx(10000.0).epsilon(1e-7));
}

TEST_CASE("read-out: traps move charge to the next pixel, N transfers' worth, and lose none") {
  Detector const detector = four_corners();
  Electronics electronics = quiet(4);
  electronics.effects.set(Effect::cti);
  for (auto& deferred : electronics.deferred) deferred.cti = 1e-3;
  Image<float> electrons(detector.box);
  for (float& value : electrons.pixels()) value = 80000.0F;
  auto const raws = Readout(channels_of(detector), electronics, 1).read(electrons, 1);
  for (auto const& raw : raws) {
    // The last data pixel is the 23rd from the output.
    CHECK(raw(23, 4) - 1000 == doctest::Approx(40000 * 1e-3 * 23).epsilon(0.002));
    int sum = 0;
    for (int x = 0; x < 29; ++x) sum += raw(x, 4) - 1000;
    CHECK(sum == doctest::Approx(20 * 40000).epsilon(1e-5));
  }
}

TEST_CASE("read-out: the output's memory falls by e over its length") {
  Detector const detector = four_corners();
  Electronics electronics = quiet(4);
  electronics.effects.set(Effect::deferred_charge);
  for (auto& deferred : electronics.deferred) {
    deferred.memory = 0.01;
    deferred.memory_decay = 2.0;
  }
  Image<float> electrons(detector.box);
  for (float& value : electrons.pixels()) value = 100000.0F;
  auto const raws = Readout(channels_of(detector), electronics, 1).read(electrons, 1);
  CHECK(raws[1](23, 4) - 1000 == doctest::Approx(500 * std::exp(-0.5)).epsilon(0.005));
  CHECK(raws[1](25, 4) - 1000 == doctest::Approx(500 * std::exp(-1.5)).epsilon(0.01));
}

TEST_CASE("read-out: noise, drift and column pattern are as large as the camera's") {
  Detector detector;
  detector.box = {0, 0, 400, 2000};
  Amplifier a = amplifier("A", {0, 0}, false, false);
  a.box = detector.box;
  a.raw_data = {3, 0, 400, 2000};
  a.raw_prescan = {0, 0, 3, 2000};
  a.raw_serial_overscan = {403, 0, 20, 2000};
  a.raw_parallel_overscan = {};
  detector.amplifiers = {a};
  Electronics electronics = quiet(1);
  for (Effect const effect : {Effect::read_noise, Effect::overscan_drift, Effect::bias_structure})
    electronics.effects.set(effect);
  Image<float> const electrons(detector.box);
  auto const raw = Readout(channels_of(detector), electronics, 1).read(electrons, 1)[0];

  double sum = 0.0, squares = 0.0, start = 0.0, end = 0.0;
  for (int y = 0; y < 2000; ++y)
    for (int x = 403; x < 423; ++x) {
      (y < 20 ? start : y >= 1980 ? end : sum) += raw(x, y);
      if (x % 2 == 0) squares += std::pow(raw(x, y) - raw(x - 1, y), 2);
    }
  CHECK(sum / (1960 * 20) == doctest::Approx(1000).epsilon(0.01));
  CHECK((start - end) / 400 > 0.5);  // it settles by 1 to 2 adu
  CHECK((start - end) / 400 < 2.5);
  double const variance = squares / (2000 * 10) / 2;
  // 4 electrons are 2 adu; rounding to whole numbers adds 1/12.
  CHECK(std::sqrt(variance - 1.0 / 12) == doctest::Approx(2.0).epsilon(0.02));

  double pattern = 0.0;
  for (int x = 3; x < 403; x += 2) {
    double a_sum = 0.0, b_sum = 0.0;
    for (int y = 0; y < 2000; ++y) {
      a_sum += raw(x, y);
      b_sum += raw(x + 1, y);
    }
    pattern += std::pow((a_sum - b_sum) / 2000, 2) / 2 / 200;
  }
  CHECK(std::sqrt(pattern) == doctest::Approx(0.5).epsilon(0.15));
}

TEST_CASE("raw layout: cameras that declare no sections get overscan behind the data") {
  Detector detector;
  detector.box = {0, 0, 30, 20};
  detector.amplifiers.resize(1);
  auto const channels = channels_of(detector);
  CHECK(channels[0].amplifier.raw_data == detector.box);
  CHECK(channels[0].amplifier.raw_serial_overscan == Box{30, 0, 50, 20});
  CHECK(channels[0].width == 80);
}

// Linearity: the answer is bent by numerical inversion of the formulae of the ISR document, written
// out here again, and straightened by the task.
#include "linearity.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <memory>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

#include "akima_spline.hpp"
#include "effect_frames.hpp"
#include "gain.hpp"
#include "linear_response.hpp"

using namespace almagest;
using namespace isr_test;

namespace {

/// The observed value that a correction makes `truth`, by bisection.
double observed_of(double truth, std::function<double(double)> const& corrected) {
  double low = -1000.0, high = 200000.0;
  for (int i = 0; i < 100; ++i) {
    double const middle = 0.5 * (low + high);
    (corrected(middle) < truth ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

/// A smooth non-linearity and its knots: what S(I) is where nobody uses a spline.
double bend(double v) {
  return 40.0 * std::sin(v / 25000.0) + 1e-8 * v * v;
}
std::vector<double> knots(double scale) {
  std::vector<double> numbers;
  for (double x = 2500.0; x <= 90000.0; x += 2500.0) numbers.push_back(x);
  std::size_t const n = numbers.size();
  for (std::size_t i = 0; i < n; ++i) numbers.push_back(scale * bend(numbers[i]));
  return numbers;
}

Linearity of(Linearity::Type type, std::vector<double> coefficients) {
  return {type, std::move(coefficients), {}};
}

struct Case {
  char const* name;
  Linearity linearity;
  std::function<double(double)> corrected;
};

std::vector<Case> cases() {
  std::vector<Case> all;
  all.push_back({"squared", of(Linearity::Type::squared, {2.8e-7}),
                 [](double v) { return v * (1.0 + 2.8e-7 * v); }});
  all.push_back(
      {"polynomial", of(Linearity::Type::polynomial, {1.2e-7, -3e-13, 2e-19}),
       [](double v) { return v + 1.2e-7 * v * v - 3e-13 * v * v * v + 2e-19 * v * v * v * v; }});
  all.push_back(
      {"spline", of(Linearity::Type::spline, knots(1.0)), [](double v) { return v - bend(v); }});
  std::vector<double> two{36.0, 36.0};
  for (double scale : {0.7, 0.5}) {
    auto const part = knots(scale);
    two.insert(two.end(), part.begin(), part.end());
  }
  all.push_back({"double_spline", of(Linearity::Type::double_spline, two), [](double v) {
                   double const first = v - 0.7 * bend(v);
                   return first - 0.5 * bend(first);
                 }});
  Linearity table = of(Linearity::Type::lookup_table, {0.0, 0.5});
  for (int i = 0; i < 90000; ++i) table.table.push_back(static_cast<float>(1e-7 * i * i));
  all.push_back({"lookup_table", table, [](double v) {
                   double const entry = std::floor(0.5 + v);
                   return v + (entry > 0.0 ? 1e-7 * entry * entry : 0.0);
                 }});
  return all;
}

template <class Frame>
Frame corrected(Frame frame, LinearityTable const* table = nullptr) {
  TaskHarness harness(std::make_unique<isr::LinearityCorrection<Frame>>());
  harness.give(isr::frame_port<Frame>, std::move(frame));
  if (table) harness.give("linearity", *table);
  harness.run();
  return harness.template result<Frame>(isr::frame_port<Frame>);
}

Exposure scene(Linearity const& linearity) {
  Detector detector = four_amplifiers(37, 50);
  for (Amplifier& amplifier : detector.amplifiers) amplifier.linearity = linearity;
  Exposure exposure = exposure_of(detector);
  add_stars(exposure.image(), 3000.0, 60000.0, 2.0, 12, 5);
  return exposure;
}

}  // namespace

TEST_CASE("akima spline: agrees with another implementation") {
  // scipy.interpolate.Akima1DInterpolator
  std::vector<double> const x{0, 1, 2.5, 3, 5, 8, 9, 12}, y{0, 2, 1, 1.5, 4, 4, 3, 7};
  isr::AkimaSpline const spline(x, y);
  CHECK(spline(0.3) == doctest::Approx(0.8993846153846153).epsilon(1e-12));
  CHECK(spline(1.7) == doctest::Approx(1.4720683760683761).epsilon(1e-12));
  CHECK(spline(2.6) == doctest::Approx(1.0885714285714287).epsilon(1e-12));
  CHECK(spline(4.2) == doctest::Approx(3.051428571428572).epsilon(1e-12));
  CHECK(spline(6.5) == doctest::Approx(4.5058139534883725).epsilon(1e-12));
  CHECK(spline(8.4) == doctest::Approx(3.6265674418604643).epsilon(1e-12));
  CHECK(spline(11.0) == doctest::Approx(4.785185185185185).epsilon(1e-12));
  // Outside, a parabola joins with value, slope and bend: third differences vanish.
  for (double const at : {-3.0, 13.0}) {
    double const third =
        spline(at + 0.3) - 3 * spline(at + 0.2) + 3 * spline(at + 0.1) - spline(at);
    CHECK(third == doctest::Approx(0.0).epsilon(1e-9));
  }
  CHECK(spline(12.0 + 1e-7) == doctest::Approx(spline(12.0 - 1e-7)).epsilon(1e-6));
}

TEST_CASE("linearity: every type removes its own effect to less than 5 %") {
  for (Case const& c : cases()) {
    CAPTURE(c.name);
    Exposure const truth = scene(c.linearity);
    Exposure bent = truth;
    for (float& pixel : bent.image().pixels())
      pixel = static_cast<float>(observed_of(pixel, c.corrected));
    double const effect = largest_difference(truth.image(), bent.image());
    CHECK(effect > 10.0);
    CHECK(largest_difference(truth.image(), corrected(bent).image()) < 0.01 * effect + 0.01);
  }
}

TEST_CASE("linearity: raw frames are corrected in their data pixels only") {
  RawExposure raw;
  raw.detector = four_amplifiers(20, 10);
  for (Amplifier& amplifier : raw.detector.amplifiers) {
    amplifier.raw_data = {4, 0, 20, 10};
    amplifier.linearity = of(Linearity::Type::squared, {1e-6});
    RawExposure::Channel channel{Image<float>(30, 12), {}};
    for (float& pixel : channel.image.pixels()) pixel = 1000.0F;
    raw.channels.push_back(channel);
  }
  RawExposure const result = corrected(raw);
  CHECK(result.channels[2].image(4, 0) == doctest::Approx(1001.0));
  CHECK(result.channels[2].image(23, 9) == doctest::Approx(1001.0));
  CHECK(result.channels[2].image(24, 9) == 1000.0F);
  CHECK(result.channels[2].image(4, 10) == 1000.0F);
}

TEST_CASE("linearity: coefficients are of adu, also where a frame is in electrons") {
  Exposure exposure = scene(of(Linearity::Type::squared, {1e-6}));
  exposure.image()(0, 0) = 20000.0F;  // electrons: 10000 adu, which are 10100 really
  for (Amplifier& amplifier : exposure.detector.amplifiers)
    amplifier.further[isr::applied_gain] = 2.0;
  CHECK(corrected(exposure).image()(0, 0) == doctest::Approx(20200.0));
}

TEST_CASE("linearity: nothing changes without an effect") {
  Exposure const flat_zero = scene(of(Linearity::Type::squared, {0.0}));
  CHECK(largest_difference(flat_zero.image(), corrected(flat_zero).image()) == 0.0);
  // The first amplifier's type decides, whatever the others say.
  Exposure first_is_none = scene(of(Linearity::Type::squared, {1e-6}));
  first_is_none.detector.amplifiers[0].linearity = {};
  CHECK(largest_difference(first_is_none.image(), corrected(first_is_none).image()) == 0.0);
}

TEST_CASE("linearity: a measured table stands above the camera's") {
  Exposure exposure = scene({});
  exposure.image()(0, 0) = 10000.0F;
  LinearityTable table;
  for (Amplifier const& amplifier : exposure.detector.amplifiers)
    table.amplifiers[amplifier.name] = of(Linearity::Type::squared, {1e-6});
  CHECK(corrected(exposure, &table).image()(0, 0) == doctest::Approx(10100.0));
  table.amplifiers.erase("A3");
  CHECK_THROWS_WITH_AS(corrected(exposure, &table),
                       "the linearity table has no amplifier 'A3' of detector 'test'", DataError);
}

TEST_CASE("linearity: splines end 0.1 below their last point, start at 0, and keep NaN") {
  // S is a straight line of slope 0.01 from (0, 0), which is not among the points.
  isr::LinearResponse const response(
      of(Linearity::Type::spline, {100.0, 500.0, 1000.0, 1.0, 5.0, 10.0}), "A");
  std::vector<float> values{50.0F,
                            999.0F,
                            5000.0F,
                            -50.0F,
                            std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity()};
  response.correct(values);
  CHECK(values[0] == doctest::Approx(49.5));
  CHECK(values[1] == doctest::Approx(989.01));
  CHECK(values[2] == doctest::Approx(5000.0 - 9.999));
  CHECK(values[3] == -50.0F);
  CHECK(std::isnan(values[4]));
  CHECK(std::isinf(values[5]));
}

TEST_CASE("linearity: crowded knots are found") {
  // 200 points, the first 100 within 1 adu: many in one cell of the index.
  std::vector<double> x, y;
  for (int i = 0; i < 100; ++i) x.push_back(i * 0.01);
  for (int i = 1; i <= 100; ++i) x.push_back(1000.0 * i);
  for (double const v : x) y.push_back(std::sin(v));
  isr::AkimaSpline const spline(x, y);
  std::vector<double> all = x;
  all.insert(all.end(), y.begin(), y.end());
  isr::LinearResponse const response(of(Linearity::Type::spline, all), "A");
  for (double const v : {0.005, 0.5, 0.987, 1.0, 999.0, 54321.0, 99999.0}) {
    std::vector<float> one{static_cast<float>(v)};
    response.correct(one);
    CHECK(one[0] == doctest::Approx(v - spline(v)).epsilon(1e-5));
  }
}

TEST_CASE("linearity: unusable coefficients are refused by name") {
  auto const refused = [](Linearity const& linearity, char const* why) {
    CHECK_THROWS_WITH_AS(isr::LinearResponse(linearity, "C07"),
                         ("amplifier 'C07': linearity: " + std::string(why)).c_str(), DataError);
  };
  double const nan = std::numeric_limits<double>::quiet_NaN();
  refused(of(Linearity::Type::squared, {nan}), "coefficient 1 is not finite");
  refused(of(Linearity::Type::squared, {}), "squared wants 1 coefficients, got 0");
  refused(of(Linearity::Type::polynomial, {}), "polynomial wants one coefficient at least");
  refused(of(Linearity::Type::lookup_table, {0, 0}), "lookup_table: the table is missing");
  refused(of(Linearity::Type::spline, {1, 2, 3}),
          "spline wants as many values as positions, got 3 numbers in all");
  refused(of(Linearity::Type::spline, {1, 5, 5, 0, 0, 0}),
          "spline: positions must increase, but 5.000 is followed by 5.000");
  refused(of(Linearity::Type::spline, {}), "spline: needs two points at least");
  refused(of(Linearity::Type::double_spline, {1e300, 2, 0, 0}),
          ("double_spline: " + std::to_string(1e300) + " is no number of points").c_str());
  refused(of(Linearity::Type::double_spline, {2, 2, 0, 1, 0, 1}),
          "double_spline of these numbers of points wants 10 coefficients, got 6");
}

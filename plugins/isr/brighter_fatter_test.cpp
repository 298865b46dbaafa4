// Brighter-fatter: charge arrives in small portions and is pushed across the faces of pixels by
// what is there already; the task puts it back.
#include "brighter_fatter.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <limits>
#include <memory>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

#include "effect_frames.hpp"

using namespace almagest;
using namespace isr_test;

namespace {

constexpr int size = 80;
constexpr int rim = 20;  // beyond what the kernel reaches from an edge

/// As strong as HSC's: centre −4.7e-7, sum −5e-6 per electron.
Image<double> kernel_of(double strength, int side = 17, double skew = 0.0) {
  Image<double> kernel(side, side);
  int const half = side / 2;
  for (int y = -half; y <= half; ++y)
    for (int x = -half; x <= half; ++x)
      kernel(x + half, y + half) =
          -4.7e-7 * strength * std::pow(1.0 + x * x + 1.2 * y * y, -0.9) * (1.0 + skew * x / half);
  return kernel;
}

std::vector<double> potential(std::vector<double> const& charge, Image<double> const& kernel) {
  int const half = kernel.width() / 2;
  std::vector<double> result(charge.size(), 0.0);
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x)
      for (int j = -half; j <= half; ++j)
        for (int i = -half; i <= half; ++i) {
          int const sx = std::clamp(x - i, 0, size - 1), sy = std::clamp(y - j, 0, size - 1);
          result[std::size_t(y * size + x)] +=
              kernel(i + half, j + half) * charge[std::size_t(sy * size + sx)];
        }
  return result;
}

/// Light on the chip, at any point. [electron/pixel²]
double light(double x, double y) {
  constexpr double sigma = 1.9;  // FWHM 4.5 pixels
  auto const star = [&](double x0, double y0, double peak) {
    return peak * std::exp(-0.5 * ((x - x0) * (x - x0) + (y - y0) * (y - y0)) / (sigma * sigma));
  };
  return 5000.0 + star(30.3, 44.8, 60000.0) + star(47.6, 33.1, 25000.0) + star(51.0, 52.5, 90000.0);
}
constexpr double fifths[] = {-0.4, -0.2, 0.0, 0.2, 0.4};

/// What pixels collect when nothing is pushed: means of the light over pixels.
Exposure scene() {
  Detector detector = four_amplifiers(size, size);
  detector.amplifiers.resize(1);
  detector.box = {0, 0, size, size};
  Exposure exposure = exposure_of(detector);
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      double sum = 0.0;
      for (double const v : fifths)
        for (double const u : fifths) sum += light(x + u, y + v) / 25.0;
      exposure.image()(x, y) = static_cast<float>(sum);
    }
  return exposure;
}

/// What is pushed across a face: the light that falls on it, or what a pixel is about to get.
enum class At { face, donor };

/// Where the light comes to rest when it arrives in portions.
Image<float> exposed(Image<double> const& kernel, At at) {
  constexpr int portions = 5;
  Exposure const undisturbed = scene();
  auto const n = static_cast<std::size_t>(size * size);
  std::vector<double> charge(n, 0.0), portion(n), right(n, 0.0), above(n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    portion[i] = double{undisturbed.image().pixels()[i]} / portions;
    auto const x = static_cast<double>(i % size), y = static_cast<double>(i / size);
    for (double const w : fifths) {  // means over the faces
      right[i] += light(x + 0.5, y + w) / 5.0;
      above[i] += light(x + w, y + 0.5) / 5.0;
    }
  }
  for (int p = 0; p < portions; ++p) {
    // Half of the portion is there when it deflects the other half, on average.
    std::vector<double> there = charge;
    for (std::size_t i = 0; i < n; ++i) there[i] += 0.5 * portion[i];
    std::vector<double> const field = potential(there, kernel);
    for (std::size_t i = 0; i < n; ++i) charge[i] += portion[i];
    auto const push = [&](std::size_t a, std::size_t b, double on_face) {
      double const rise = field[b] - field[a];  // charge goes to where the potential is higher
      double const donor = rise > 0.0 ? portion[b] : portion[a];
      double const moving = rise * (at == At::donor ? donor : on_face / portions);
      charge[a] -= moving;
      charge[b] += moving;
    };
    for (std::size_t here = 0; here < n; ++here) {
      if ((here + 1) % size != 0) push(here, here + 1, right[here]);
      if (here + size < n) push(here, here + size, above[here]);
    }
  }
  Image<float> result(size, size);
  for (std::size_t i = 0; i < n; ++i) result.pixels()[i] = static_cast<float>(charge[i]);
  return result;
}

struct Result {
  Exposure exposure;
  double iterations;
};
Result corrected(Exposure exposure, Image<double> kernel, TaskHarness::Values values = {}) {
  TaskHarness harness(std::make_unique<isr::BrighterFatter>(), values);
  harness.give("exposure", std::move(exposure));
  harness.give("bf_kernel", BrighterFatterKernel{std::move(kernel)});
  harness.run();
  return {harness.result<Exposure>("exposure"), harness.metric("iterations")};
}

}  // namespace

TEST_CASE("brighter-fatter: stars and flat get their charge back, to less than 5 %") {
  Exposure const truth = scene();
  struct Case {
    char const* method;
    At at;
    double skew;
    double left;  // of the effect, rms
  };
  // The gradient's central differences miss some of a star this sharp.
  for (Case const& c :
       {Case{"faces", At::face, 0.0, 0.02}, Case{"faces", At::face, 0.1, 0.02},
        Case{"conserving_flux", At::donor, 0.0, 0.03}, Case{"gradient", At::face, 0.0, 0.08}}) {
    CAPTURE(std::string(c.method));
    CAPTURE(c.skew);
    Image<double> const kernel = kernel_of(1.0, 17, c.skew);
    Exposure seen = truth;
    seen.image() = exposed(kernel, c.at);
    auto const [result, iterations] =
        corrected(seen, kernel, {{"method", c.method}, {"threshold", 10.0}});
    double const effect = rms_difference(truth.image(), seen.image(), rim);
    double const left = rms_difference(truth.image(), result.image(), rim);
    CAPTURE(effect);
    CHECK(largest_difference(truth.image(), seen.image()) > 1000.0);
    CHECK(left < c.left * effect);
    CHECK(iterations < 10);
  }
}

TEST_CASE("brighter-fatter: frames in adu are corrected by their gain") {
  Exposure const electrons = scene();
  Image<double> const kernel = kernel_of(1.0);
  Exposure adu = electrons;
  adu.detector.amplifiers[0].gain = 2.0;
  for (float& pixel : adu.image().pixels()) pixel /= 2.0F;
  Image<float> const a = corrected(electrons, kernel).exposure.image();
  Image<float> const b = corrected(adu, kernel).exposure.image();
  double most = 0.0;
  for (std::size_t i = 0; i < a.pixels().size(); ++i)
    most = std::max(most, std::abs(double{a.pixels()[i]} - 2.0 * b.pixels()[i]));
  CHECK(most < 0.1);
}

TEST_CASE("brighter-fatter: moving across faces neither makes nor loses charge") {
  Exposure frame = scene();
  for (float& pixel : frame.image().pixels()) pixel = std::max(0.0F, pixel - 5000.0F);
  Image<float> const before = frame.image();
  auto const total = [](Image<float> const& image) {
    double sum = 0.0;
    for (float const v : image.pixels()) sum += v;
    return sum;
  };
  for (char const* method : {"faces", "conserving_flux"}) {
    Image<float> const result =
        corrected(frame, kernel_of(1.0), {{"method", method}}).exposure.image();
    CHECK(largest_difference(before, result) > 1000.0);
    CHECK(total(result) == doctest::Approx(total(before)).epsilon(1e-6));
  }
}

TEST_CASE("brighter-fatter: symmetry of a kernel is a shortcut only") {
  Exposure const frame = scene();
  Image<double> kernel = kernel_of(1.0);
  Image<float> const by_symmetry = corrected(frame, kernel).exposure.image();
  kernel(0, 0) *= 1.001;  // too little to matter, enough to be asymmetric
  Image<float> const by_all = corrected(frame, kernel).exposure.image();
  CHECK(largest_difference(by_symmetry, by_all) < 0.2);
}

TEST_CASE("brighter-fatter: edges are flagged, planes grow, other pixels keep their mask") {
  Exposure frame = scene();
  frame.mask().image()(40, 40) = frame.mask().bit("SAT");
  frame.mask().image()(60, 60) = frame.mask().bit("CR");
  frame.image()(40, 40) = std::numeric_limits<float>::quiet_NaN();
  Mask const mask = corrected(frame, kernel_of(1.0), {{"grow", 2}}).exposure.mask();
  MaskPixel const edge = mask.bit("EDGE"), saturated = mask.bit("SAT");
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      bool const inside = x >= 8 && y >= 8 && x < size - 8 && y < size - 8;
      REQUIRE(((mask.image()(x, y) & edge) == 0) == inside);
      REQUIRE(((mask.image()(x, y) & saturated) != 0) ==
              (std::abs(x - 40) + std::abs(y - 40) <= 2));
    }
  CHECK(mask.image()(60, 60) == mask.bit("CR"));
  CHECK(mask.image()(61, 60) == 0);
}

TEST_CASE("brighter-fatter: what is not known does not spread") {
  Exposure const clean = scene();
  Exposure frame = clean;
  MaskPixel const bad = frame.mask().bit("BAD");
  for (int y = 0; y < size; ++y) {
    frame.image()(30, y) = std::numeric_limits<float>::quiet_NaN();
    frame.image()(31, y) = 1e9F;
    frame.mask().image()(31, y) |= bad;
  }
  for (int x = 0; x < size; ++x) frame.mask().image()(x, 70) |= bad;
  Exposure const result = corrected(frame, kernel_of(1.0)).exposure;
  int not_finite = 0;
  for (float const v : result.image().pixels()) not_finite += !std::isfinite(v);
  CHECK(not_finite == size);
  double most = 0.0;
  Image<float> const expected = corrected(clean, kernel_of(1.0)).exposure.image();
  for (int y = 0; y < 60; ++y)
    for (int x = 50; x < size; ++x)
      most = std::max(most, std::abs(double{result.image()(x, y)} - expected(x, y)));
  CHECK(most < 2.0);
}

TEST_CASE("brighter-fatter: nothing changes without it") {
  Exposure const frame = scene();
  auto const [result, iterations] = corrected(frame, kernel_of(0.0));
  CHECK(iterations == 1);
  CHECK(largest_difference(frame.image(), result.image()) == 0.0);
  // A sky without structure is not changed by any kernel.
  Exposure flat = frame;
  for (float& pixel : flat.image().pixels()) pixel = 20000.0F;
  CHECK(largest_difference(flat.image(), corrected(flat, kernel_of(1.0)).exposure.image()) < 0.05);
}

TEST_CASE("brighter-fatter: unusable kernels and gains are refused") {
  Exposure frame = scene();
  Image<double> kernel = kernel_of(1.0);
  CHECK_THROWS_WITH_AS(corrected(frame, Image<double>(17, 15)),
                       "brighter-fatter kernel: want as many rows as columns, an odd number and 3 "
                       "at least, got 15 rows and 17 columns",
                       DataError);
  kernel(3, 4) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(corrected(frame, kernel), "brighter-fatter kernel: a value is not finite",
                       DataError);
  CHECK_THROWS_WITH_AS(corrected(frame, kernel_of(1e8), {{"max_iterations", 200}}),
                       "brighter-fatter: the correction grows without limit; is the kernel in "
                       "1/electron?",
                       DataError);
  frame.detector.amplifiers[0].gain = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH_AS(corrected(frame, kernel_of(1.0)),
                       "amplifier 'A0': brighter-fatter needs a gain, got nan", DataError);
  frame = scene();
  for (float& pixel : frame.image().pixels()) pixel = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH_AS(corrected(frame, kernel_of(1.0)),
                       "brighter-fatter: the frame has no usable pixel", DataError);
  // A frame that the kernel does not fit into is all edge.
  Exposure small = frame;
  small.masked_image() = MaskedImage(Box{0, 0, 10, 12});
  small.detector.amplifiers[0].box = {0, 0, 10, 12};
  Exposure const all_edge = corrected(small, kernel_of(1.0)).exposure;
  for (MaskPixel const m : all_edge.mask().image().pixels())
    REQUIRE(m == all_edge.mask().bit("EDGE"));
}

TEST_CASE("brighter-fatter: HSC's own kernel") {
  auto const path = real_data("hsc/calib/bfKernel_17x17.txt");
  if (!path) return;
  Image<double> kernel(17, 17);
  std::ifstream file(*path);
  for (double& k : kernel.pixels()) file >> k;
  Exposure const truth = scene();
  Exposure seen = truth;
  seen.image() = exposed(kernel, At::face);
  Exposure const result = corrected(seen, kernel).exposure;
  double const effect = rms_difference(truth.image(), seen.image(), rim);
  CAPTURE(effect);
  CHECK(rms_difference(truth.image(), result.image(), rim) < 0.05 * effect);
}

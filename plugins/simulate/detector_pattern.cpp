#include <algorithm>
#include <cmath>
#include <numbers>

#include "detector_scene.hpp"
#include "fast_random.hpp"
#include "random.hpp"

namespace simulate {

using namespace almagest;

namespace {

/// Quantum efficiency of each pixel 0.5 % rms, steps of 1 % between amplifiers, and less light in
/// the outer twenty pixels (ISR document 6.5).
void vary_response(Image<float>& response, Detector const& detector, std::uint64_t seed) {
  constexpr double pixel_rms = 0.005;
  constexpr double amplifier_rms = 0.01;
  constexpr int edge = 20;
  constexpr double edge_loss = 0.1;
  std::uint64_t const stream = stream_seed(seed, "response");
  for (int y = 0; y < response.height(); ++y) {
    FastRandom random(stream, static_cast<std::uint64_t>(y));
    for (float& value : response.row(y))
      value = static_cast<float>(1.0 + pixel_rms * random.normal());
  }
  Random steps(seed, "amplifier steps");
  for (Amplifier const& amplifier : detector.amplifiers) {
    auto const step = static_cast<float>(1.0 + amplifier_rms * steps.normal());
    Box const box = intersection(amplifier.box, response.bbox());
    for (int y = box.y0; y <= box.y1(); ++y)
      for (int x = box.x0; x <= box.x1(); ++x) response.at({x, y}) *= step;
  }
  for (int y = 0; y < response.height(); ++y)
    for (int x = 0; x < response.width(); ++x) {
      int const distance =
          std::min(std::min(x, response.width() - 1 - x), std::min(y, response.height() - 1 - y));
      if (distance >= edge) {
        // The inner pixels of a row need no look.
        if (y >= edge && y < response.height() - edge) x = response.width() - 1 - edge;
        continue;
      }
      response(x, y) *= static_cast<float>(1.0 - edge_loss * std::exp(-distance / 5.0));
    }
}

std::vector<Box> bad_columns(Box const& frame, int count, Random& random) {
  std::vector<Box> boxes;
  for (int i = 0; i < count; ++i) {
    int const x = frame.x0 + random.index(frame.width);
    // From somewhere in the middle to the far edge, as blocked columns are; or all of it.
    int const y = random.uniform() < 0.5 ? frame.y0 : frame.y0 + random.index(frame.height);
    boxes.push_back({x, y, 1 + random.index(2), frame.y1() + 1 - y});
  }
  return boxes;
}

/// Every other defect is dim, the others are bright in the dark.
void spoil(DetectorPattern& pattern, std::vector<Box> const& boxes, Random& random) {
  constexpr double dim = 0.05;
  Box const frame = pattern.response.bbox();
  bool is_dim = false;
  for (Box const& defect : boxes) {
    Box const box = intersection(defect, frame);
    is_dim = !is_dim;
    double const rate = random.uniform(20.0, 200.0);
    if (box.empty()) continue;
    pattern.defects.push_back(box);
    for (int y = box.y0; y <= box.y1(); ++y)
      for (int x = box.x0; x <= box.x1(); ++x)
        if (is_dim)
          pattern.response.at({x, y}) *= static_cast<float>(dim);
        else
          pattern.hot_pixels.push_back({{x, y}, rate});
  }
}

/// Waves of 40 pixels' period that wander (ISR document 6.6).
Image<float> fringe_pattern(Box const& frame, Random& random) {
  constexpr double period = 40.0;
  double const angle = random.uniform(0.0, 2.0 * std::numbers::pi);
  double const kx = 2.0 * std::numbers::pi / period * std::cos(angle);
  double const ky = 2.0 * std::numbers::pi / period * std::sin(angle);
  double const phase = random.uniform(0.0, 2.0 * std::numbers::pi);
  Image<float> fringes = Image<float>::uninitialised(frame);
  std::vector<double> wander_x;
  for (int x = 0; x < frame.width; ++x) wander_x.push_back(2.0 * std::sin(x / 97.0 + phase));
  for (int y = 0; y < frame.height; ++y) {
    auto const row = fringes.row(y);
    double const wander_y = 2.0 * std::cos(y / 131.0);
    for (int x = 0; x < frame.width; ++x)
      row[static_cast<std::size_t>(x)] = static_cast<float>(
          std::sin(kx * x + ky * y + wander_x[static_cast<std::size_t>(x)] + wander_y));
  }
  return fringes;
}

}  // namespace

DetectorPattern make_pattern(Detector const& detector, PatternSettings const& settings,
                             std::uint64_t seed) {
  std::string const of = std::to_string(detector.id);
  std::uint64_t const own = stream_seed(seed, "detector " + of);
  DetectorPattern pattern;
  pattern.response = Image<float>::uninitialised(detector.box);
  std::ranges::fill(pattern.response.pixels(), 1.0F);
  if (settings.effects.has(Effect::prnu)) vary_response(pattern.response, detector, own);
  if (settings.effects.has(Effect::hot_pixels)) {
    constexpr double fraction = 1e-4;
    Random random(own, "hot pixels");
    auto const count =
        static_cast<int>(fraction * static_cast<double>(detector.box.area()) + random.uniform());
    for (int i = 0; i < count; ++i) {
      Pixel const pixel{detector.box.x0 + random.index(detector.box.width),
                        detector.box.y0 + random.index(detector.box.height)};
      pattern.hot_pixels.push_back({pixel, std::pow(10.0, random.uniform(-1.0, 1.5))});
    }
  }
  if (settings.effects.has(Effect::defects)) {
    Random random(own, "defects");
    auto const boxes = settings.known_defects.empty()
                           ? bad_columns(detector.box, settings.bad_columns, random)
                           : settings.known_defects;
    spoil(pattern, boxes, random);
  }
  if (settings.fringes) {
    Random random(own, "fringes");
    pattern.fringes = fringe_pattern(detector.box, random);
  }
  return pattern;
}

}  // namespace simulate

#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "almagest/exposure.hpp"
#include "almagest/raw_exposure.hpp"
#include "almagest/task_harness.hpp"

/// Frames that the tests make by hand.
namespace isr::test {

/// The raw files of the ISR document; none when they are not there, which only a developer's
/// machine may do.
inline std::optional<std::filesystem::path> lsst_pixels() {
  namespace fs = std::filesystem;
  char const* const set = std::getenv("ALMAGEST_TESTDATA");
  fs::path const root = set ? fs::path(set) : fs::path(ALMAGEST_SOURCE_DIR "/../shared/data");
  fs::path const folder = root / "lsst" / "pixels";
  if (fs::exists(folder)) return folder;
  char const* const ci = std::getenv("CI");
  REQUIRE_MESSAGE((!ci || std::string(ci) != "true"), "no test data at " << folder.string());
  MESSAGE("skipped: no test data at " << folder.string() << " (set ALMAGEST_TESTDATA)");
  return std::nullopt;
}

/// One amplifier that fills its detector, data at the lower left of the raw image, overscans beside
/// and above.
inline almagest::RawExposure one_amplifier(int width, int height, int serial, int parallel = 0) {
  almagest::RawExposure raw;
  almagest::Amplifier amplifier;
  amplifier.name = "C00";
  amplifier.box = amplifier.raw_data = {0, 0, width, height};
  amplifier.raw_serial_overscan = {width, 0, serial, height};
  if (parallel > 0) amplifier.raw_parallel_overscan = {0, height, width, parallel};
  raw.detector.name = "test";
  raw.detector.box = {0, 0, width, height};
  raw.detector.amplifiers = {amplifier};
  raw.channels.push_back({almagest::Image<float>(width + serial, height + parallel), {}});
  return raw;
}

template <class Filler>
void fill(almagest::Image<float>& image, Filler const& value) {
  for (int y = 0; y < image.height(); ++y)
    for (int x = 0; x < image.width(); ++x) image(x, y) = static_cast<float>(value(x, y));
}

/// A frame of one value; planes filled with 0.
inline almagest::Exposure flat_exposure(int width, int height, double value) {
  almagest::Exposure exposure{almagest::MaskedImage({0, 0, width, height})};
  fill(exposure.image(), [&](int, int) { return value; });
  return exposure;
}

/// Runs one task on one product under the port's name.
template <class T, class Product>
auto run_task(std::string const& port, Product product,
              almagest::TaskHarness::Values const& parameters = {}) {
  auto harness = std::make_unique<almagest::TaskHarness>(std::make_unique<T>(), parameters);
  harness->give(port, std::move(product));
  harness->run();
  return harness;
}

}  // namespace isr::test

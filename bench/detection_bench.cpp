// detection/threshold on a field of stars: the whole task, and its parts without the smoothing.
#include <benchmark/benchmark.h>

#include <memory>
#include <utility>
#include <vector>

#include "almagest/statistics.hpp"
#include "almagest/task_harness.hpp"

#include "footprint_finder.hpp"
#include "gaussian_smoothing.hpp"
#include "runs.hpp"
#include "star_field.hpp"
#include "threshold.hpp"

namespace {
using namespace almagest;

constexpr int star_count = 1000;

Exposure const& frame() {
  static Exposure const made = bench::star_field(star_count, 0.0).exposure;
  return made;
}

/// Argument: the multiplier, 1 to find all sources and 10 for the bright ones.
void threshold_task(benchmark::State& state) {
  TaskHarness harness(std::make_unique<detection::Threshold>(),
                      {{"multiplier", static_cast<double>(state.range(0))}});
  harness.give("exposure", frame());
  for (auto _ : state) harness.run();
  state.counters["footprints"] = harness.metric("footprints");
  state.SetItemsProcessed(state.iterations() * frame().bbox().area());  // items are pixels
}

/// The frame smoothed, and a threshold of five scatters.
struct Smoothed {
  Image<float> image;
  double threshold;
};

Smoothed const& smoothed() {
  static Smoothed const made = [] {
    constexpr double sigma = 1.4, kernel_reach = 7.0, sigmas = 5.0;
    int const width = detection::kernel_width(sigma, kernel_reach);
    Image<float> image(detection::smoothed_box(frame().bbox(), width));
    detection::smooth_rows(frame().image(), detection::gaussian_taps(sigma, width), 0,
                           image.height(), image);
    std::vector<float> values(std::as_const(image).pixels().begin(),
                              std::as_const(image).pixels().end());
    return Smoothed{std::move(image), sigmas * clipped_statistics(values).scatter};
  }();
  return made;
}

void scatter_of_frame(benchmark::State& state) {
  auto const pixels = smoothed().image.pixels();
  for (auto _ : state) {
    std::vector<float> values(pixels.begin(), pixels.end());
    benchmark::DoNotOptimize(clipped_statistics(values));
  }
  state.SetItemsProcessed(state.iterations() * smoothed().image.bbox().area());
}

void runs_of_frame(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(detection::runs_beyond(smoothed().image, smoothed().threshold,
                                                    detection::Polarity::positive));
  state.SetItemsProcessed(state.iterations() * smoothed().image.bbox().area());
}

void footprints_of_frame(benchmark::State& state) {
  constexpr int grow = 3;  // pixels
  detection::FootprintOptions const options{smoothed().threshold, 1.0, grow,
                                            detection::Polarity::positive};
  for (auto _ : state)
    benchmark::DoNotOptimize(detection::find_footprints(smoothed().image, frame().bbox(), options));
  state.SetItemsProcessed(state.iterations() * smoothed().image.bbox().area());
}

BENCHMARK(threshold_task)->Arg(1)->Arg(10)->Unit(benchmark::kMillisecond);
BENCHMARK(scatter_of_frame)->Unit(benchmark::kMillisecond);
BENCHMARK(runs_of_frame)->Unit(benchmark::kMillisecond);
BENCHMARK(footprints_of_frame)->Unit(benchmark::kMillisecond);

}  // namespace

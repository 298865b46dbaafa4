// Detection's Gaussian smoothing of one frame, by the width of the PSF.
#include "gaussian_smoothing.hpp"

#include <benchmark/benchmark.h>

#include <vector>

#include "almagest/image.hpp"

#include "star_field.hpp"

namespace {
using namespace almagest;

constexpr double kernel_reach = 7.0;  // the default of detection/threshold

/// Argument: the Gaussian's sigma in hundredths of a pixel.
void smooth_frame(benchmark::State& state) {
  double const sigma = 0.01 * static_cast<double>(state.range(0));
  Image<float> const image(bench::frame_width, bench::frame_height);
  int const width = detection::kernel_width(sigma, kernel_reach);
  std::vector<double> const taps = detection::gaussian_taps(sigma, width);
  Image<float> smoothed(detection::smoothed_box(image.bbox(), width));
  for (auto _ : state) {
    detection::smooth_rows(image, taps, 0, smoothed.height(), smoothed);
    benchmark::DoNotOptimize(smoothed.pixels().data());
  }
  state.counters["taps"] = width;
  state.SetItemsProcessed(state.iterations() * image.bbox().area());  // items are pixels
}
BENCHMARK(smooth_frame)->Arg(100)->Arg(150)->Arg(200)->Arg(300)->Unit(benchmark::kMillisecond);

}  // namespace

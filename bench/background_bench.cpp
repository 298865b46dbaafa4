// background/mesh on a field of stars: the whole task by cell size, and its parts.
#include <benchmark/benchmark.h>

#include <memory>

#include "almagest/background.hpp"
#include "almagest/statistics.hpp"
#include "almagest/task_harness.hpp"

#include "mesh.hpp"
#include "mesh_background.hpp"
#include "star_field.hpp"

namespace {
using namespace almagest;

constexpr int star_count = 1000;

Exposure const& frame() {
  static Exposure const made = bench::star_field(star_count, bench::sky_level).exposure;
  return made;
}

void count_pixels(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * frame().bbox().area());  // items are pixels
}

/// Argument: the size of a cell in pixels.
void mesh_task(benchmark::State& state) {
  TaskHarness harness(std::make_unique<background::MeshBackground>(),
                      {{"bin_size", state.range(0)}});
  harness.give("exposure", frame());
  for (auto _ : state) harness.run();
  count_pixels(state);
}

/// Argument: the size of a cell in pixels.
void mesh_statistics(benchmark::State& state) {
  auto const cells = background::mesh_cells(frame().bbox(), static_cast<int>(state.range(0)));
  MaskPixel const ignored = frame().mask().bits({"BAD", "EDGE", "DETECTED"});
  for (auto _ : state)
    for (Box const& cell : cells)
      benchmark::DoNotOptimize(clipped_statistics(frame().image(), frame().mask(), ignored, cell));
  count_pixels(state);
}

void subtract_model(benchmark::State& state) {
  Chebyshev2 const model(frame().bbox(), 2, 2, {130.0, 1.0, 0.5, 1.0, 0.5, 0.0, 0.5, 0.0, 0.0});
  Image<float> image = frame().image();
  for (auto _ : state) {
    model.subtract_from(image);
    benchmark::DoNotOptimize(image.pixels().data());
  }
  count_pixels(state);
}

BENCHMARK(mesh_task)->Arg(512)->Arg(128)->Unit(benchmark::kMillisecond);
BENCHMARK(mesh_statistics)->Arg(512)->Arg(128)->Unit(benchmark::kMillisecond);
BENCHMARK(subtract_model)->Unit(benchmark::kMillisecond);

}  // namespace

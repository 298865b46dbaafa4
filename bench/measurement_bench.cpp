// measurement/measure on a field of stars: the whole task, and each algorithm per source.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "almagest/components.hpp"
#include "almagest/error.hpp"
#include "almagest/measurement.hpp"
#include "almagest/task_harness.hpp"

#include "base_algorithms.hpp"
#include "measure.hpp"
#include "star_field.hpp"

namespace {
using namespace almagest;

constexpr int star_count = 1000;

ComponentTable const& components() {
  static ComponentTable const made = [] {
    ComponentTable table;
    table.add<MeasurementAlgorithm, measurement::SdssCentroid>("base_SdssCentroid");
    table.add<MeasurementAlgorithm, measurement::SdssShape>("base_SdssShape");
    table.add<MeasurementAlgorithm, measurement::GaussianFlux>("base_GaussianFlux");
    table.add<MeasurementAlgorithm, measurement::PsfFlux>("base_PsfFlux");
    table.add<MeasurementAlgorithm, measurement::CircularApertureFlux>("base_CircularApertureFlux");
    table.add<MeasurementAlgorithm, measurement::PixelFlags>("base_PixelFlags");
    return table;
  }();
  return made;
}

struct Frame {
  bench::StarField field = bench::star_field(star_count, 0.0);
  FootprintSet footprints = bench::footprints_of(field);
};

Frame const& frame() {
  static Frame const made;
  return made;
}

/// Items are sources.
void count_sources(benchmark::State& state) {
  auto const sources = static_cast<std::int64_t>(frame().field.stars.size());
  state.SetItemsProcessed(state.iterations() * sources);
  state.counters["per_source"] = benchmark::Counter(
      static_cast<double>(sources),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void measure_task(benchmark::State& state) {
  TaskHarness harness(std::make_unique<measurement::Measure>(), {}, &components());
  harness.give("exposure", frame().field.exposure);
  harness.give("footprints", frame().footprints);
  for (auto _ : state) harness.run();
  state.counters["failures"] = harness.metric("failures");
  count_sources(state);
}

/// One algorithm and those it needs, configured and with their columns declared.
class Algorithms {
 public:
  Algorithms(std::string const& name, ConfigValue const& parameters) {
    schema_ = Schema::minimal_source();
    std::unique_ptr<MeasurementAlgorithm> last = make(name, parameters);
    for (std::string const& needed : last->needs()) {
      if (needed == "centroid") continue;  // a star's true place serves
      made_.push_back(make(needed, {}));
      made_.back()->declare(schema_, needed);
    }
    last->declare(schema_, name);
    made_.push_back(std::move(last));
  }
  Schema const& schema() const { return schema_; }
  std::vector<std::unique_ptr<MeasurementAlgorithm>> const& all() const { return made_; }

 private:
  static std::unique_ptr<MeasurementAlgorithm> make(std::string const& name,
                                                    ConfigValue const& parameters) {
    std::unique_ptr<Component> component =
        components().make(MeasurementAlgorithm::interface_name, name);
    Problems problems;
    component->configure(parameters, name, components(), problems);
    problems.raise();
    return std::unique_ptr<MeasurementAlgorithm>(
        static_cast<MeasurementAlgorithm*>(component.release()));
  }

  Schema schema_;
  std::vector<std::unique_ptr<MeasurementAlgorithm>> made_;
};

/// One algorithm on every star at its true place, as if a centroid had been measured; what the
/// algorithm needs has been measured before.
void measure_with(benchmark::State& state, std::string const& name,
                  ConfigValue const& parameters = {}) {
  Algorithms const algorithms(name, parameters);
  Frame const& f = frame();
  SourceCatalog catalog(algorithms.schema(), f.field.stars.size());
  auto const measure_all = [&](MeasurementAlgorithm const& algorithm) {
    std::int64_t failures = 0;
    for (std::size_t i = 0; i < f.field.stars.size(); ++i) {
      SourceRecord source{catalog, i, f.footprints.footprints[i], f.field.exposure,
                          f.field.stars[i].position};
      try {
        algorithm.measure(source);
      } catch (Error const&) {
        ++failures;
      }
    }
    return failures;
  };
  for (std::size_t i = 0; i + 1 < algorithms.all().size(); ++i) measure_all(*algorithms.all()[i]);
  std::int64_t failures = 0;
  for (auto _ : state) failures = measure_all(*algorithms.all().back());
  state.counters["failures"] = static_cast<double>(failures);
  count_sources(state);
}

void psf_kernel(benchmark::State& state) {
  Psf const& psf = *frame().field.exposure.psf;
  for (auto _ : state)
    for (bench::Star const& star : frame().field.stars)
      benchmark::DoNotOptimize(psf.kernel(star.position).pixels().data());
  count_sources(state);
}

void psf_stamp(benchmark::State& state) {
  Psf const& psf = *frame().field.exposure.psf;
  for (auto _ : state)
    for (bench::Star const& star : frame().field.stars)
      benchmark::DoNotOptimize(psf.stamp(star.position).pixels().data());
  count_sources(state);
}

void psf_shape(benchmark::State& state) {
  Psf const& psf = *frame().field.exposure.psf;
  for (auto _ : state)
    for (bench::Star const& star : frame().field.stars)
      benchmark::DoNotOptimize(psf.shape(star.position));
  count_sources(state);
}

BENCHMARK(measure_task)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(measure_with, base_SdssCentroid, "base_SdssCentroid")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(measure_with, base_SdssShape, "base_SdssShape")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(measure_with, base_GaussianFlux, "base_GaussianFlux")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(measure_with, base_PsfFlux, "base_PsfFlux")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(measure_with, base_CircularApertureFlux, "base_CircularApertureFlux")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(measure_with, base_PixelFlags, "base_PixelFlags")->Unit(benchmark::kMillisecond);
BENCHMARK(psf_kernel)->Unit(benchmark::kMillisecond);
BENCHMARK(psf_stamp)->Unit(benchmark::kMillisecond);
BENCHMARK(psf_shape)->Unit(benchmark::kMillisecond);

}  // namespace

// Instrument signature removal of one LSST-like raw frame in memory: 16 amplifiers of 576 × 2048
// pixels (ITL sections), which become 4072 × 4000.
//
// ALMAGEST_BENCH_RAW names a file to take instead of the synthetic frame: an image of integers per
// amplifier with the cards DATASEC, BIASSEC, DETSEC, GAIN, RDNOISE and SATURATE, and beside it
// NAME.bias.fits [adu], NAME.dark.fits [electron/s] and NAME.flat.fits. Mean and scatter of the
// result are printed, to compare with another program's.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "almagest/components.hpp"
#include "almagest/error.hpp"
#include "almagest/exposure.hpp"
#include "almagest/fits.hpp"
#include "almagest/raw_exposure.hpp"
#include "almagest/task.hpp"

#include "assemble.hpp"
#include "gain.hpp"
#include "one_pass.hpp"
#include "overscan.hpp"
#include "pixel_arithmetic.hpp"
#include "saturation.hpp"

namespace {
using namespace almagest;

constexpr int amplifiers = 16;
constexpr Box raw_box{0, 0, 576, 2048}, raw_data{3, 0, 509, 2000}, raw_overscan{512, 0, 64, 2000};
constexpr int width = 4072, height = 4000;
constexpr double exposure_time = 30.0;  // [s]

/// What a raw file holds, and the calibrations that belong to it.
struct Frame {
  std::vector<Image<std::int32_t>> images;
  Detector detector;
  Exposure bias, dark, flat;  // bias in electrons
};

/// Upper amplifiers are mirrored in y, and go from left to right; the lower ones go back.
Detector itl_detector() {
  Detector detector;
  detector.name = "ITL";
  detector.box = {0, 0, width, height};
  for (int k = 0; k < amplifiers; ++k) {
    bool const top = k < amplifiers / 2;
    int const column = top ? k : amplifiers - 1 - k;
    Amplifier amplifier;
    amplifier.name = "SEGMENT" + std::to_string(k);
    amplifier.box = {column * raw_data.width, top ? raw_data.height : 0, raw_data.width,
                     raw_data.height};
    amplifier.raw_data = raw_data;
    amplifier.raw_serial_overscan = raw_overscan;
    amplifier.flip_y = top;
    amplifier.gain = 1.5 + 0.02 * k;
    amplifier.read_noise = 5.0;
    amplifier.saturation = 88000.0;  // with some 22000 of bias
    detector.amplifiers.push_back(amplifier);
  }
  return detector;
}

Exposure calibration(Image<float> image) {
  MaskedImage pixels;
  pixels.image = std::move(image);
  return Exposure(std::move(pixels));
}

/// Numbers that look random, 0 … 1, the same at every call.
class Noise {
 public:
  float operator()() noexcept {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<float>(state_ >> 40U) * 0x1p-24F;
  }

 private:
  std::uint64_t state_ = 1;
};

Image<float> noise_image(float low, float high, Noise& noise) {
  Image<float> image(width, height);
  for (float& pixel : image.pixels()) pixel = low + (high - low) * noise();
  return image;
}

Frame synthetic_frame() {
  Frame frame;
  frame.detector = itl_detector();
  Noise noise;
  for (int k = 0; k < amplifiers; ++k) {
    Image<std::int32_t> image(raw_box);
    for (int y = 0; y < image.height(); ++y)
      for (int x = 0; x < image.width(); ++x)
        image(x, y) = 22000 + 300 * k + static_cast<int>(6.0F * noise()) +
                      (raw_data.contains(x, y) ? 1200 + static_cast<int>(100.0F * noise()) : 0);
    frame.images.push_back(image);
  }
  frame.bias = calibration(noise_image(-1.0F, 4.0F, noise));
  frame.dark = calibration(noise_image(0.0F, 0.04F, noise));
  frame.flat = calibration(noise_image(0.9F, 1.1F, noise));
  return frame;
}

Frame frame_from_file(std::filesystem::path const& path) {
  Frame frame;
  frame.detector = itl_detector();
  fits::Reader file(path);
  for (int k = 0; k < amplifiers; ++k) {
    frame.images.push_back(file.image<std::int32_t>(k + 1));
    Header const header = file.header(k + 1);
    Amplifier& amplifier = frame.detector.amplifiers[static_cast<std::size_t>(k)];
    amplifier.gain = header.number("GAIN");
    amplifier.read_noise = header.number("RDNOISE");
  }
  auto const read = [&](char const* kind) {
    std::filesystem::path name = path;
    return fits::Reader(name.replace_extension(kind) += ".fits").image<float>(0);
  };
  Image<float> bias = read("bias");
  for (Amplifier const& amplifier : frame.detector.amplifiers)
    for (int y = amplifier.box.y0; y <= amplifier.box.y1(); ++y)
      for (int x = amplifier.box.x0; x <= amplifier.box.x1(); ++x)
        bias(x, y) *= static_cast<float>(amplifier.gain);
  frame.bias = calibration(bias);
  frame.dark = calibration(read("dark"));
  frame.flat = calibration(read("flat"));
  return frame;
}

Frame const& the_frame() {
  static Frame const frame = [] {
    char const* const path = std::getenv("ALMAGEST_BENCH_RAW");
    return path ? frame_from_file(path) : synthetic_frame();
  }();
  return frame;
}

/// What a reader does with the file's integers.
RawExposure raw_exposure(Frame const& frame) {
  RawExposure raw;
  raw.detector = frame.detector;
  raw.visit_info.exposure_time_s = exposure_time;
  for (Image<std::int32_t> const& integers : frame.images) {
    RawExposure::Channel channel{Image<float>::uninitialised(integers.bbox()), {}};
    std::span<float> const pixels = channel.image.pixels();
    std::span<std::int32_t const> const values = integers.pixels();
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<float>(values[i]);
    raw.channels.push_back(std::move(channel));
  }
  return raw;
}

/// Runs steps one after the other as the engine does with one thread: a product that nobody else
/// reads is handed on, not copied.
class Steps final : public Context {
 public:
  template <class T>
  void give(std::string const& port, T product) {
    products_.insert_or_assign(port, AnyProduct::make(std::move(product)));
  }
  template <class T>
  T const& get_result(std::string const& port) {
    return products_.at(port).template get<T>();
  }
  void run(Task const& task) { task.run(*this); }

  DataId const& id() const override { return id_; }
  Instrument const& instrument() const override { throw NotImplementedError("instrument"); }
  Log& log() override { return log_; }
  void parallel_for(std::size_t n, std::size_t grain,
                    std::function<void(std::size_t, std::size_t)> const& body) override {
    for (std::size_t begin = 0; begin < n; begin += grain) body(begin, std::min(n, begin + grain));
  }
  std::stop_token stop() const override { return {}; }
  std::filesystem::path scratch() override { return {}; }
  std::uint64_t seed() const override { return 1; }

 protected:
  AnyProduct const& product(Port const& port) override { return products_[port.name()]; }
  bool last_reader(Port const& port) const override {
    return port.name() == "raw" || port.name() == "exposure";
  }
  AnyProduct surrender(Port const& port) override {
    return std::exchange(products_[port.name()], AnyProduct());
  }
  std::vector<GatheredItem const*> const& members(Port const&) override { return members_; }
  void store(Port const& port, AnyProduct product) override {
    products_.insert_or_assign(port.name(), std::move(product));
  }
  void record_metric(MetricBase const&, Value) override {}

 private:
  class Silence final : public Log {
   public:
    void write(LogLevel, std::string_view) override {}
    bool enabled(LogLevel) const override { return false; }
  };
  DataId id_;
  Silence log_;
  std::map<std::string, AnyProduct> products_;
  std::vector<GatheredItem const*> members_;
};

void print_once(Exposure const& exposure) {
  static bool const printed = [&] {
    double sum = 0.0, squares = 0.0;
    for (float const pixel : exposure.image().pixels()) {
      sum += pixel;
      squares += double{pixel} * pixel;
    }
    double const n = static_cast<double>(exposure.image().pixels().size()), mean = sum / n;
    std::printf("checksum %.4f %.4f\n", mean, std::sqrt(squares / n - mean * mean));
    return true;
  }();
  static_cast<void>(printed);
}

/// The steps of a pipeline, each a task.
void tasks(benchmark::State& state) {
  Frame const& frame = the_frame();
  isr::Saturation const saturation;
  isr::Overscan const overscan;
  isr::Gain const gain;
  isr::Assemble const assemble;
  isr::AllArithmetic const arithmetic;
  Steps steps;
  steps.give("bias", frame.bias);
  steps.give("dark", frame.dark);
  steps.give("flat", frame.flat);
  for (auto _ : state) {
    steps.give("exposure", Exposure());  // the last frame is stored and gone
    steps.give("raw", raw_exposure(frame));
    steps.run(saturation);
    steps.run(overscan);
    steps.run(gain);
    steps.run(assemble);
    steps.run(arithmetic);
  }
  print_once(steps.get_result<Exposure>("exposure"));
  state.SetItemsProcessed(state.iterations() * width * height);
}
BENCHMARK(tasks)->Unit(benchmark::kMillisecond);

/// The same steps in one pass over the frame's memory.
void one_pass(benchmark::State& state) {
  Frame const& frame = the_frame();
  isr::OnePass const task;
  Steps steps;
  steps.give("bias", frame.bias);
  steps.give("dark", frame.dark);
  steps.give("flat", frame.flat);
  for (auto _ : state) {
    steps.give("exposure", Exposure());
    steps.give("raw", raw_exposure(frame));
    steps.run(task);
  }
  print_once(steps.get_result<Exposure>("exposure"));
  state.SetItemsProcessed(state.iterations() * width * height);
}
BENCHMARK(one_pass)->Unit(benchmark::kMillisecond);

/// One step alone, on what the steps before it made.
template <class Step>
void step_alone(benchmark::State& state, std::vector<Task const*> const& before) {
  Frame const& frame = the_frame();
  Step const step;
  Steps steps;
  steps.give("bias", frame.bias);
  steps.give("dark", frame.dark);
  steps.give("flat", frame.flat);
  for (auto _ : state) {
    state.PauseTiming();
    steps.give("exposure", Exposure());
    steps.give("raw", raw_exposure(frame));
    for (Task const* const task : before) steps.run(*task);
    state.ResumeTiming();
    steps.run(step);
  }
  state.SetItemsProcessed(state.iterations() * width * height);
}
void reading(benchmark::State& state) {
  for (auto _ : state) {
    RawExposure const raw = raw_exposure(the_frame());
    benchmark::DoNotOptimize(raw.channels.data());
  }
}
BENCHMARK(reading)->Unit(benchmark::kMillisecond);
void saturation(benchmark::State& state) {
  step_alone<isr::Saturation>(state, {});
}
BENCHMARK(saturation)->Unit(benchmark::kMillisecond);
void overscan(benchmark::State& state) {
  step_alone<isr::Overscan>(state, {});
}
BENCHMARK(overscan)->Unit(benchmark::kMillisecond);
void gain(benchmark::State& state) {
  step_alone<isr::Gain>(state, {});
}
BENCHMARK(gain)->Unit(benchmark::kMillisecond);
void assembly(benchmark::State& state) {
  step_alone<isr::Assemble>(state, {});
}
BENCHMARK(assembly)->Unit(benchmark::kMillisecond);
void arithmetic(benchmark::State& state) {
  isr::Assemble const assemble;
  step_alone<isr::AllArithmetic>(state, {&assemble});
}
BENCHMARK(arithmetic)->Unit(benchmark::kMillisecond);

}  // namespace

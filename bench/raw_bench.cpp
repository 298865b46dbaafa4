// Raw frames of sixteen Rice-compressed channels: CFITSIO, one HDU after the other, beside our own
// decoder on one thread and on two. (The reader of Instrument::read_raw does what is timed here,
// and translates the headers besides.)
#include <benchmark/benchmark.h>
#include <fitsio.h>
#include <stdlib.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "almagest/fits.hpp"

namespace {
using namespace almagest;
namespace fs = std::filesystem;

constexpr int channels = 16;
constexpr int width = 576, height = 2048;  // of a channel of LSSTCam
constexpr double bias_level = 26000.0, sky = 1500.0, sky_noise = 30.0, read_noise = 6.0;  // adu

/// A raw frame of LSSTCam's shape, gone with the program.
class RawFile {
 public:
  RawFile() : directory_((fs::temp_directory_path() / "almagest-bench-XXXXXX").string()) {
    if (!::mkdtemp(directory_.data())) throw std::runtime_error("cannot make " + directory_);
    std::mt19937 generator(1);
    std::normal_distribution<double> dark(bias_level, read_noise);
    std::normal_distribution<double> lit(bias_level + sky, sky_noise);
    fits::Writer writer(path());
    writer.primary({});
    for (int i = 0; i < channels; ++i) {
      Image<std::int32_t> pixels(width, height);
      for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
          pixels.row(y)[static_cast<std::size_t>(x)] =
              static_cast<std::int32_t>(x < 512 && y < 2000 ? lit(generator) : dark(generator));
      writer.image("Segment" + std::to_string(i), pixels, {}, {fits::Compression::rice, 0.0});
    }
    writer.close();
  }
  ~RawFile() {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  RawFile(RawFile const&) = delete;
  RawFile& operator=(RawFile const&) = delete;
  std::string path() const { return directory_ + "/raw.fits"; }

 private:
  std::string directory_;
};

std::string const& raw_file() {
  static RawFile const file;
  static std::string const path = file.path();
  return path;
}

void count_pixels(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * channels * width * height);
}

void cfitsio_serial(benchmark::State& state) {
  std::string const& path = raw_file();
  for (auto _ : state) {
    fitsfile* file = nullptr;
    int status = 0;
    fits_open_diskfile(&file, path.c_str(), READONLY, &status);
    for (int hdu = 2; hdu < 2 + channels; ++hdu) {
      fits_movabs_hdu(file, hdu, nullptr, &status);
      std::vector<float> pixels(std::size_t{width} * height);
      long first[2] = {1, 1};
      int undefined = 0;
      fits_read_pix(file, TFLOAT, first, static_cast<LONGLONG>(pixels.size()), nullptr,
                    pixels.data(), &undefined, &status);
      benchmark::DoNotOptimize(pixels.data());
    }
    fits_close_file(file, &status);
    if (status != 0) state.SkipWithError("CFITSIO cannot read the file");
  }
  count_pixels(state);
}
BENCHMARK(cfitsio_serial)->UseRealTime()->Unit(benchmark::kMillisecond);

void our_reader(benchmark::State& state) {
  std::string const& path = raw_file();
  for (auto _ : state) {
    std::atomic<int> next{1};
    auto const work = [&] {
      fits::Reader reader(path);
      for (int hdu = next++; hdu <= channels; hdu = next++)
        benchmark::DoNotOptimize(reader.image<float>(hdu).pixels().data());
    };
    std::vector<std::jthread> helpers;
    for (int i = 1; i < state.range(0); ++i) helpers.emplace_back(work);
    work();
  }
  count_pixels(state);
}
BENCHMARK(our_reader)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

// FITS files: an SDSS frame read plain, gzip'd and in part; an exposure written and read back.
#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "almagest/fits.hpp"

#include "star_field.hpp"

namespace {
using namespace almagest;
namespace fs = std::filesystem;

constexpr double pedestal = 1000.0;  // adu, of SDSS frames
constexpr int star_count = 1000;

/// A directory that is gone with the program.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_((fs::temp_directory_path() / "almagest-bench-XXXXXX").string()) {
    if (!::mkdtemp(path_.data())) throw std::runtime_error("cannot make a directory: " + path_);
  }
  TemporaryDirectory(TemporaryDirectory const&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory const&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path operator/(char const* name) const { return fs::path(path_) / name; }

 private:
  std::string path_;
};

Image<std::uint16_t> raw_frame(Image<float> const& counts) {
  auto raw = Image<std::uint16_t>::uninitialised(counts.bbox());
  auto const from = counts.pixels();
  auto const to = raw.pixels();
  for (std::size_t i = 0; i < from.size(); ++i)
    to[i] = static_cast<std::uint16_t>(std::min(from[i] + pedestal, 65535.0));
  return raw;
}

void write_exposure(fs::path const& path, Exposure const& exposure,
                    fits::Writer::ImageOptions const& float_options,
                    fits::Writer::ImageOptions const& mask_options) {
  fits::Writer writer(path);
  writer.primary({});
  writer.image("IMAGE", exposure.image(), {}, float_options);
  writer.image("MASK", exposure.mask().image(), {}, mask_options);
  writer.image("VARIANCE", exposure.variance(), {}, float_options);
  writer.close();
}

void compress_file(fs::path const& from, fs::path const& to) {
  std::ifstream in(from, std::ios::binary);
  std::string const bytes{std::istreambuf_iterator<char>(in), {}};
  gzFile const out = gzopen(to.c_str(), "wb6");
  bool const written = out && gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size())) ==
                                  static_cast<int>(bytes.size());
  if (!out || gzclose(out) != Z_OK || !written)
    throw std::runtime_error("cannot write " + to.string());
}

/// Stars of the frame are marked in the mask, as detection would.
Exposure frame_with_mask() {
  bench::StarField field = bench::star_field(star_count, bench::sky_level);
  Mask& mask = field.exposure.mask();
  bench::footprints_of(field).set_in(mask, mask.bit("DETECTED"));
  return std::move(field.exposure);
}

/// All files, made once.
struct Files {
  TemporaryDirectory directory;
  Exposure exposure = frame_with_mask();
  fs::path plain = directory / "frame.fits";
  fs::path gzip = directory / "frame.fits.gz";
  fs::path stored_exposure = directory / "exposure.fits";
  fs::path written = directory / "written.fits";

  Files() {
    fits::Writer writer(plain);
    writer.image("", raw_frame(exposure.image()), {}, {});
    writer.close();
    compress_file(plain, gzip);
    write_exposure(stored_exposure, exposure, {}, {});
  }
};

Files& files() {
  static Files made;
  return made;
}

void count_pixels(benchmark::State& state, std::int64_t pixels) {
  state.SetItemsProcessed(state.iterations() * pixels);  // items are pixels
}

void read_frame(benchmark::State& state, fs::path const& path) {
  std::int64_t pixels = 0;
  for (auto _ : state) {
    fits::Reader reader(path);
    auto const image = reader.image<std::uint16_t>(0);
    benchmark::DoNotOptimize(image.pixels().data());
    pixels = image.bbox().area();
  }
  count_pixels(state, pixels);
}
void read_plain(benchmark::State& state) {
  read_frame(state, files().plain);
}
void read_gzip(benchmark::State& state) {
  read_frame(state, files().gzip);
}

void read_plain_as_float(benchmark::State& state) {
  for (auto _ : state) {
    fits::Reader reader(files().plain);
    auto const image = reader.image<float>(0);
    benchmark::DoNotOptimize(image.pixels().data());
  }
  count_pixels(state, files().exposure.bbox().area());
}

void read_box(benchmark::State& state) {
  auto const side = static_cast<int>(state.range(0));
  Box const box{600, 400, side, side};
  for (auto _ : state) {
    fits::Reader reader(files().plain);
    auto const image = reader.image<std::uint16_t>(0, box);
    benchmark::DoNotOptimize(image.pixels().data());
  }
  count_pixels(state, box.area());
}

void read_exposure(benchmark::State& state) {
  for (auto _ : state) {
    fits::Reader reader(files().stored_exposure);
    auto const image = reader.image<float>(reader.require("IMAGE"));
    auto const mask = reader.image<MaskPixel>(reader.require("MASK"));
    auto const variance = reader.image<float>(reader.require("VARIANCE"));
    benchmark::DoNotOptimize(image.pixels().data());
    benchmark::DoNotOptimize(mask.pixels().data());
    benchmark::DoNotOptimize(variance.pixels().data());
  }
  count_pixels(state, files().exposure.bbox().area());
}

void write(benchmark::State& state, fits::Writer::ImageOptions const& float_options,
           fits::Writer::ImageOptions const& mask_options) {
  Exposure const& exposure = files().exposure;
  fs::path const& path = files().written;
  for (auto _ : state) {
    write_exposure(path, exposure, float_options, mask_options);
    state.PauseTiming();
    state.counters["MB"] = static_cast<double>(fs::file_size(path)) * 1e-6;
    fs::remove(path);
    state.ResumeTiming();
  }
  count_pixels(state, exposure.bbox().area());
}
void write_exposure_plain(benchmark::State& state) {
  write(state, {}, {});
}
void write_exposure_gzip(benchmark::State& state) {
  write(state, {fits::Compression::gzip, 0.0}, {fits::Compression::gzip, 0.0});
}
void write_exposure_rice(benchmark::State& state) {
  constexpr double quantize = 16.0;  // steps per noise sigma
  write(state, {fits::Compression::rice, quantize}, {fits::Compression::rice, 0.0});
}

BENCHMARK(read_plain)->Unit(benchmark::kMillisecond);
BENCHMARK(read_plain_as_float)->Unit(benchmark::kMillisecond);
BENCHMARK(read_gzip)->Unit(benchmark::kMillisecond);
BENCHMARK(read_box)->Arg(64)->Arg(512)->Unit(benchmark::kMillisecond);
BENCHMARK(read_exposure)->Unit(benchmark::kMillisecond);
BENCHMARK(write_exposure_plain)->Unit(benchmark::kMillisecond);
BENCHMARK(write_exposure_gzip)->Unit(benchmark::kMillisecond);
BENCHMARK(write_exposure_rice)->Unit(benchmark::kMillisecond);

}  // namespace

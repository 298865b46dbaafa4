#include <doctest/doctest.h>

#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "almagest/components.hpp"
#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "almagest/task_harness.hpp"
#include "ccd.hpp"
#include "field_psf_model.hpp"
#include "gaussian.hpp"
#include "random.hpp"
#include "scan_geometry.hpp"
#include "sdss_field.hpp"

namespace {

using namespace almagest;
using namespace simulate;
namespace fs = std::filesystem;

class SilentLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
  bool enabled(LogLevel) const override { return false; }
};

/// A directory that goes away with its test.
class TemporaryDirectory {
 public:
  TemporaryDirectory()
      : path_(fs::temp_directory_path() / ("simulate_test_" + std::to_string(::getpid()))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~TemporaryDirectory() { fs::remove_all(path_); }
  fs::path operator/(char const* name) const { return path_ / name; }

 private:
  fs::path path_;
};

/// A small field, quickly made.
void write_small_field(fs::path const& repository, std::uint64_t seed) {
  SdssField simulator;
  ConfigValue parameters;
  parameters.set("filters", ConfigValue::Array{"r"});
  parameters.set("width", 300);
  parameters.set("height", 400);
  parameters.set("stars", 20);
  parameters.set("galaxies", 10);
  parameters.set("saturated_stars", 1);
  parameters.set("cosmic_rays", 5);
  Problems problems;
  simulator.configure(parameters, "simulator 'sdss'", ComponentTable{}, problems);
  problems.raise();
  SilentLog log;
  simulator.write({repository, seed, nullptr}, log);
}

std::map<std::string, std::string> contents(fs::path const& root) {
  std::map<std::string, std::string> files;
  for (auto const& entry : fs::recursive_directory_iterator(root))
    if (entry.is_regular_file()) {
      std::ifstream in(entry.path(), std::ios::binary);
      files[fs::relative(entry.path(), root).string()] = {std::istreambuf_iterator<char>(in), {}};
    }
  return files;
}

double total(Image<double> const& image) {
  double sum = 0.0;
  for (double const value : image.pixels()) sum += value;
  return sum;
}

}  // namespace

TEST_CASE("simulate: a seed fixes every byte, another seed changes the frame") {
  TemporaryDirectory const directory;
  write_small_field(directory / "a", 1);
  write_small_field(directory / "b", 1);
  write_small_field(directory / "c", 2);
  auto first = contents(directory / "a");
  CHECK(first == contents(directory / "b"));
  std::string const frame = "1000/40/corr/3/fpC-001000-r3-0100.fit.gz";
  REQUIRE(first.contains(frame));
  CHECK(first.at(frame) != contents(directory / "c").at(frame));
  for (char const* const name :
       {"_mapper", "registry.sqlite3", "truth.csv", "truth.fits",
        "1000/40/objcs/3/fpM-001000-r3-0100.fit", "1000/40/objcs/3/psField-001000-3-0100.fit",
        "1000/40/calibChunks/3/tsField-001000-3-40-0100.fit", "1000/40/astrom/asTrans-001000.fit"})
    CHECK_MESSAGE(first.contains(name), name);
  auto const shards = std::erase_if(
      first, [](auto const& file) { return file.first.starts_with("ref_cats/simulated/"); });
  CHECK(shards > 0);
  CHECK(first.size() == 9);
}

TEST_CASE("simulate: the files have the survey's layout") {
  TemporaryDirectory const directory;
  write_small_field(directory / "repo", 7);
  fs::path const base = directory / "repo" / "1000" / "40";
  fits::Reader frame(base / "corr/3/fpC-001000-r3-0100.fit.gz");
  auto const pixels = frame.image<std::uint16_t>(0);
  CHECK(pixels.width() == 300);
  CHECK(pixels.height() == 400);
  double sum = 0.0;
  for (int y = 0; y < 400; ++y) sum += pixels(0, y);
  // Pedestal and sky, on a column where no bright star is likely.
  CHECK(sum / 400 == doctest::Approx(1145).epsilon(0.02));
  CHECK(frame.header(0).text("FILTER") == "r");
  CHECK(frame.header(0).integer("SOFTBIAS") == 1000);

  fits::Reader mask(base / "objcs/3/fpM-001000-r3-0100.fit");
  CHECK(mask.hdu_count() == 12);
  CHECK(mask.table(11).texts("attributeName")[9] == "S_MASK_CR");
  CHECK(mask.table(10).byte_arrays("s").at(0).size() == 6);
  CHECK(mask.table(2).rows > 0);  // the saturated star

  fits::Reader psf(base / "objcs/3/psField-001000-3-0100.fit");
  CHECK(psf.hdu_count() == 7);
  CHECK(psf.table(3).float_arrays("RROWS").at(0).size() == 51 * 51);
  CHECK(psf.table(3).numbers("c").size() == 4 * 25);

  fits::Reader astrometry(base / "astrom/asTrans-001000.fit");
  CHECK(astrometry.hdu_count() == 31);
  Header const hdu = astrometry.table(5 * 2 + 1).header;  // camcol 3, r
  CHECK(hdu.text("FILTER") == "r");
  CHECK(hdu.integer("CAMCOL") == 3);

  fits::Reader calibration(base / "calibChunks/3/tsField-001000-3-40-0100.fit");
  CHECK(calibration.table(1).numbers("gain")[2] == doctest::Approx(4.76));
}

TEST_CASE("simulate: a directory in use is refused and left alone") {
  TemporaryDirectory const directory;
  fs::create_directories(directory / "used");
  std::ofstream(directory / "used" / "file") << "mine";
  CHECK_THROWS_AS(write_small_field(directory / "used", 1), ConfigError);
  CHECK(contents(directory / "used").size() == 1);
}

TEST_CASE("simulate: pairs wider than half a cell are refused, and nothing is left behind") {
  TemporaryDirectory const directory;
  SdssField simulator;
  ConfigValue parameters;
  parameters.set("layout", "pairs");
  parameters.set("separation", 20.0);
  Problems problems;
  simulator.configure(parameters, "simulator 'sdss'", ComponentTable{}, problems);
  problems.raise();
  SilentLog log;
  try {
    simulator.write({directory / "pairs", 1, nullptr}, log);
    FAIL("not refused");
  } catch (ConfigError const& error) {
    std::string const text = error.what();
    CHECK(text.starts_with("parameter 'separation': stars 20.00 FWHM of "));
    CHECK(text.ends_with("'spacing' is 48.00 pixel"));
  }
  CHECK(contents(directory / "").empty());
}

TEST_CASE("gaussian: an image holds the flux, and convolution adds second moments") {
  // Theory: the sum of samples of a Gaussian of sigma ≥ 0.9 is its integral to 1e-6 (Poisson sum).
  Image<double> image(81, 81);
  Mixture const disc = exponential_disc(4.0, 0.5, 0.6);
  Mixture const psf{Gaussian::round(1.0, 1.1)};
  add(image, convolve(disc, psf), 1000.0, {40.3, 39.8}, 1e-6);
  CHECK(total(image) == doctest::Approx(1000.0).epsilon(1e-5));

  Mixture const both = convolve(psf, psf);
  REQUIRE(both.size() == 1);
  CHECK(both[0].xx == doctest::Approx(2 * 1.1 * 1.1));
}

TEST_CASE("gaussian: half of a disc's light is inside its half-light radius") {
  Mixture const disc = exponential_disc(10.0, 1.0, 0.0);
  double inside = 0.0;
  for (Gaussian const& g : disc) inside += g.flux * (1 - std::exp(-100.0 / (2 * g.xx)));
  CHECK(inside == doctest::Approx(0.5).epsilon(0.01));
}

TEST_CASE("scan geometry: pixels go to the sky and back") {
  Random random(3, "test");
  ScanGeometry const geometry = ScanGeometry::make(187.0, 0.1, 2048, 1489, random);
  for (Point const p : {Point{0, 0}, Point{2047, 1488}, Point{812.3, 77.7}}) {
    Point const back = geometry.pixel(geometry.great_circle(p));
    CHECK(back.x == doctest::Approx(p.x).epsilon(1e-9));
    CHECK(back.y == doctest::Approx(p.y).epsilon(1e-9));
  }
  Point const middle = geometry.great_circle({1023.5, 744});
  CHECK(middle.x == doctest::Approx(187.0).epsilon(1e-12));
}

TEST_CASE("field psf: flux 1 everywhere, width near what was asked") {
  Random random(5, "test");
  FieldPsfModel const model = FieldPsfModel::make(2.7, 2048, 1489, random);
  for (Point const p : {Point{0, 0}, Point{1024, 744}, Point{2047, 1488}}) {
    double flux = 0.0;
    for (Gaussian const& g : model.at(p)) flux += g.flux;
    CHECK(flux == doctest::Approx(1.0).epsilon(1e-6));
    // Half of the peak is reached about fwhm / 2 from the centre.
    double const half = value(model.at(p), 1.35, 0) / value(model.at(p), 0, 0);
    CHECK(half == doctest::Approx(0.5).epsilon(0.15));
  }
}

TEST_CASE("ccd: charge above the full well runs along its column and is conserved") {
  Image<double> light(3, 21);
  for (double& value : light.pixels()) value = 10.0;
  light(1, 10) = 500.0;
  double const before = total(light);
  bleed(light, 100.0);
  CHECK(total(light) == doctest::Approx(before));
  CHECK(light(1, 10) == 100.0);
  CHECK(light(1, 11) == doctest::Approx(100.0));
  CHECK(light(1, 9) == doctest::Approx(100.0));
  CHECK(light(1, 13) == doctest::Approx(30.0));  // 200 upwards: 90 + 90 + 20
  CHECK(light(0, 10) == 10.0);
}

TEST_CASE("random: streams differ, the normal one has mean 0 and variance 1") {
  CHECK(Random(1, "a").uniform() != Random(1, "b").uniform());
  CHECK(Random(1, "a").uniform() != Random(2, "a").uniform());
  CHECK(Random(1, "a").uniform() == Random(1, "a").uniform());
  Random random(11, "normal");
  constexpr int n = 200000;
  double sum = 0.0;
  double squares = 0.0;
  for (int i = 0; i < n; ++i) {
    double const value = random.normal();
    sum += value;
    squares += value * value;
  }
  CHECK(std::abs(sum / n) < 0.01);  // 4.5 sigma
  CHECK(squares / n == doctest::Approx(1.0).epsilon(0.015));
}

TEST_CASE("calendar date: the SDSS frame's own date and time") {
  // fpC-004192-r4-0300: TAI = 4573255414.68, DATE-OBS and TAIHMS of the same header.
  CalendarDate const date = calendar_date(4573255414.68 / 86400.0);
  CHECK(date.day == "2003-10-19");
  CHECK(date.time == "04:43:34.68");
  CHECK(calendar_date(51544.0).day == "2000-01-01");
}

#include "camera.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "almagest/error.hpp"
#include "almagest/fits.hpp"
#include "almagest/task_harness.hpp"
#include "calendar.hpp"
#include "camera_rules.hpp"

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
  TemporaryDirectory() {
    static int count = 0;
    path_ = fs::temp_directory_path() /
            ("camera_test_" + std::to_string(::getpid()) + "_" + std::to_string(++count));
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~TemporaryDirectory() { fs::remove_all(path_); }
  fs::path operator/(char const* name) const { return path_ / name; }
  fs::path const& path() const { return path_; }

 private:
  fs::path path_;
};

constexpr double plate_scale = 0.3 * radians_per_arcsec / 0.01;  // [rad/mm]

/// A camera of two small CCDs with two mirrored amplifiers each, on a flat focal plane: 0.3 arcsec
/// per pixel of 10 µm. It reads no headers; its camera.toml is there for the simulator.
class ToyCamera final : public Instrument {
 public:
  explicit ToyCamera(fs::path directory) : directory_(std::move(directory)) {
    std::ofstream(directory_ / "camera.toml") << R"(
[camera]
name = "toy"
match = [{ INSTRUME = "TOY.*" }]
[header]
visit            = { key = "OBSNUM", type = "int" }
ccd              = { key = "CCDNUM", type = "int" }
filter           = { key = "FILTER", map = { "SDSS r" = "r" } }
begin            = { time = ["DATE-OBS"], timescale = "utc" }
exposure_time    = { key = ["EXPTIME", "EXPOSURE"], unit = "s" }
observation_type = { key = "OBSTYPE", case = "lower", map = { object = "science", zero = "bias" } }
ra               = { key = "RA", unit = "hms" }
dec              = { key = "DEC", unit = "dms" }
boresight_rotation_angle = 0
[detector.default.amp.default]
data     = "DATASEC"
overscan = "BIASSEC"
gain     = { key = "GAIN", default = 1.4 }
[detector.default.amp.A]
hdu = 1
[detector.default.amp.B]
hdu = 2
)";
    for (int id : {1, 2}) {
      Detector detector;
      detector.name = "CCD" + std::to_string(id);
      detector.id = id;
      detector.box = {0, 0, 240, 200};
      detector.reference_pixel = {119.5, 99.5};
      detector.position_mm = {id == 1 ? -1.5 : 1.5, 0.5};
      detector.yaw_deg = id == 1 ? 0.0 : 180.0;
      detector.pixel_mm = 0.01;
      for (int k : {0, 1}) {
        Amplifier a;
        a.name = k == 0 ? "A" : "B";
        a.box = {120 * k, 0, 120, 200};
        a.flip_x = k == 1;
        a.read_corner = k == 1 ? ReadCorner::lower_right : ReadCorner::lower_left;
        a.gain = 1.5 + 0.5 * k;
        a.read_noise = 5.0;
        a.saturation = 60000;
        a.linearity.type = Linearity::Type::squared;
        a.linearity.coefficients = {2e-7};
        detector.amplifiers.push_back(a);
      }
      detectors_.push_back(detector);
    }
  }

  std::string const& name() const override { return name_; }
  std::vector<DataIdKey> const& keys() const override { return keys_; }
  std::string role(std::string_view role) const override {
    return role == "detector" ? "ccd" : role == "band" ? "filter" : "visit";
  }
  ExposureId exposure_id(DataId const&) const override { return {1, 10}; }
  std::vector<Detector> const& detectors() const override { return detectors_; }
  fs::path const& directory() const override { return directory_; }
  ConfigValue const& constants() const override { return constants_; }
  Point field_angle(Point p) const override { return {p.x * plate_scale, p.y * plate_scale}; }
  Point focal_plane(Point p) const override { return {p.x / plate_scale, p.y / plate_scale}; }

 private:
  std::string name_ = "toy";
  fs::path directory_;
  std::vector<DataIdKey> keys_{{"visit", DataIdKey::Type::integer, {}, ""},
                               {"ccd", DataIdKey::Type::integer, {}, ""}};
  std::vector<Detector> detectors_;
  ConfigValue constants_;
};

using Parameters = std::vector<std::pair<std::string, ConfigValue>>;
using Texts = ConfigValue::Array;

void run_simulator(ToyCamera const& camera, fs::path const& directory, Parameters const& parameters,
                   std::uint64_t seed = 1) {
  Camera simulator;
  ConfigValue table;
  for (auto const& [name, value] : parameters) table.set(name, value);
  Problems problems;
  simulator.configure(table, "simulator 'camera'", ComponentTable{}, problems);
  problems.raise();
  SilentLog log;
  simulator.write({directory, seed, &camera}, log);
}

/// One science frame and nothing else.
Parameters one_exposure(Texts effects) {
  return {{"bias_exposures", 0},    {"dark_exposures", 0}, {"flat_exposures", 0},
          {"science_exposures", 1}, {"effects", effects},  {"first_exposure", 7}};
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

/// Detector 1 of a raw file, assembled; in adu, the bias taken off by the overscan's median.
Image<double> frame_of(fs::path const& path) {
  fs::path const file = path;
  fits::Reader reader(file);
  Image<double> frame(240, 200);
  for (int k : {0, 1}) {
    auto const raw = reader.image<double>(k + 1);
    REQUIRE(raw.width() == 120 + 50);
    for (int y = 0; y < 200; ++y) {
      std::vector<double> overscan;
      for (int x = 130; x < 170; ++x) overscan.push_back(raw(x, y));
      std::ranges::nth_element(overscan, overscan.begin() + 20);
      for (int x = 0; x < 120; ++x) frame(k == 0 ? x : 239 - x, y) = raw(x, y) - overscan[20];
    }
  }
  return frame;
}

double mean(Image<double> const& image, Box const& box) {
  double sum = 0.0;
  for (int y = box.y0; y <= box.y1(); ++y)
    for (int x = box.x0; x <= box.x1(); ++x) sum += image(x, y);
  return sum / static_cast<double>(box.area());
}

Image<double> difference(Image<double> const& a, Image<double> const& b) {
  Image<double> result = a;
  for (std::size_t i = 0; i < result.pixels().size(); ++i) result.pixels()[i] -= b.pixels()[i];
  return result;
}

fs::path frame_path(fs::path const& directory, int number = 7) {
  return directory / "raw" / ("toy-0000000" + std::to_string(number) + "-001.fits");
}

}  // namespace

TEST_CASE("camera: the seed fixes every byte, and all files are there") {
  TemporaryDirectory const directory;
  ToyCamera const camera(directory.path());
  Parameters parameters{{"detectors", ConfigValue::Array{1, 2}},
                        {"bias_exposures", 1},
                        {"dark_exposures", 1},
                        {"flat_exposures", 1},
                        {"science_exposures", 1},
                        {"truth_images", true},
                        {"with", Texts{"brighter_fatter"}},
                        {"first_exposure", 5}};
  run_simulator(camera, directory / "a", parameters);
  run_simulator(camera, directory / "b", parameters);
  run_simulator(camera, directory / "c", parameters, 2);
  auto const first = contents(directory / "a");
  CHECK(first == contents(directory / "b"));
  auto const other = contents(directory / "c");
  int raws = 0;
  for (auto const& [name, bytes] : first)
    if (name.starts_with("raw/")) {
      ++raws;
      CHECK(bytes != other.at(name));
    }
  CHECK(raws == 8);
  for (char const* name :
       {"truth.csv", "truth.fits", "truth/toy-00000008-002.fits", "calib/defects-001.fits",
        "calib/crosstalk-002.fits", "calib/bf_kernel-001.fits"})
    CHECK_MESSAGE(first.contains(name), name);
  CHECK(std::ranges::count_if(first, [](auto const& file) {
          return file.first.starts_with("ref_cats/simulated/");
        }) > 0);
}

TEST_CASE("camera: calibrations of effects that are off correct nothing") {
  TemporaryDirectory const directory;
  ToyCamera const camera(directory.path());
  run_simulator(camera, directory / "off", one_exposure({}));
  run_simulator(camera, directory / "on",
                one_exposure({"brighter_fatter", "crosstalk", "cti", "defects", "nonlinearity"}));
  auto const calibration = [&](char const* run, char const* name) {
    fs::path const file = directory / run / "calib" / name;
    return fits::Reader(file);
  };
  auto const largest = [](Image<double> const& image) {
    double size = 0.0;
    for (double const value : image.pixels()) size = std::max(size, std::abs(value));
    return size;
  };
  for (auto const& [name, hdu] : {std::pair("bf_kernel-001.fits", 1), {"crosstalk-001.fits", 1}}) {
    CHECK(largest(calibration("off", name).image<double>(hdu)) == 0.0);
    CHECK(largest(calibration("on", name).image<double>(hdu)) > 0.0);
  }
  CHECK(calibration("off", "defects-001.fits").table(1).rows == 0);
  CHECK(calibration("on", "defects-001.fits").table(1).rows == 3);
  fits::Table const none = calibration("off", "linearity-001.fits").table(1);
  fits::Table const bent = calibration("on", "linearity-001.fits").table(1);
  CHECK(none.texts("TYPE") == std::vector<std::string>{"none", "none"});
  CHECK(bent.texts("TYPE") == std::vector<std::string>{"squared", "squared"});
  CHECK(bent.texts("AMPLIFIER") == std::vector<std::string>{"A", "B"});
  auto const cti = [&](char const* run) {
    return calibration(run, "deferred_charge-001.fits").table(1).numbers("cti");
  };
  CHECK(cti("off") == std::vector<double>{0.0, 0.0});
  CHECK(cti("on") == std::vector<double>{1e-6, 1e-6});
}

TEST_CASE("camera: headers are the rules of camera.toml in the other direction") {
  TemporaryDirectory const directory;
  ToyCamera const camera(directory.path());
  Parameters parameters = one_exposure({});
  parameters.emplace_back("pointing", ConfigValue::Array{150.25, -12.5});
  parameters.emplace_back("date", "2020-02-29T23:59:30");
  parameters.emplace_back("cards", ConfigValue());
  parameters.back().second.set("OBSERVER", "nobody");
  run_simulator(camera, directory / "out", parameters);
  fits::Reader reader(frame_path(directory / "out"));
  Header const primary = reader.header(0);
  CHECK(primary.text("INSTRUME") == "TOY");
  CHECK(primary.integer("OBSNUM") == 7);
  CHECK(primary.integer("CCDNUM") == 1);
  CHECK(primary.text("FILTER") == "SDSS r");
  CHECK(primary.text("DATE-OBS") == "2020-02-29T23:59:30.000");
  CHECK(primary.number("EXPTIME") == 30.0);
  CHECK(primary.text("OBSTYPE") == "OBJECT");
  CHECK(primary.text("RA") == "10:01:00.0000");
  CHECK(primary.text("DEC") == "-12:30:00.000");
  CHECK(primary.text("OBSERVER") == "nobody");
  Header const second = reader.header(2);
  CHECK(second.text("DATASEC") == "[1:120,1:200]");
  CHECK(second.text("BIASSEC") == "[121:170,1:200]");
  CHECK(second.number("GAIN") == 2.0);
}

TEST_CASE("camera: without any effect there are sky and sources, as bright as the truth says") {
  TemporaryDirectory const directory;
  ToyCamera const camera(directory.path());
  Parameters parameters = one_exposure({});
  parameters.insert(parameters.end(), {{"stars", 0.0}, {"galaxies", 0.0}, {"sky", 20.2}});
  run_simulator(camera, directory / "sky", parameters);
  Image<double> const sky = frame_of(frame_path(directory / "sky"));
  // Whole numbers of adu. The toy's zero point in r is 26.2: 0.09 arcsec² of 20.2 mag for 30 s.
  double const electrons = std::pow(10.0, 0.4 * 6.0) * 0.09 * 30.0;
  CHECK(mean(sky, {0, 0, 120, 200}) == doctest::Approx(electrons / 1.5).epsilon(2e-3));
  CHECK(mean(sky, {120, 0, 120, 200}) == doctest::Approx(electrons / 2.0).epsilon(3e-3));
}

TEST_CASE("camera: without noise, stars stand where the truth has them, to 0.01 pixel") {
  TemporaryDirectory const directory;
  ToyCamera const camera(directory.path());
  // One or a few stars: centroids of separate ones. Truth from the table, pixels from the file.
  Parameters parameters = one_exposure({"pointing_error"});
  parameters.insert(parameters.end(), {{"stars", 3.0},
                                       {"galaxies", 0.0},
                                       {"brightest", 16.5},
                                       {"faintest", 17.5},
                                       {"sky", 30.0},
                                       {"seeing", 0.9}});
  run_simulator(camera, directory / "stars", parameters);
  Image<double> image = frame_of(frame_path(directory / "stars"));
  for (int y = 0; y < 200; ++y)  // in electrons
    for (int x = 0; x < 240; ++x) image(x, y) *= x < 120 ? 1.5 : 2.0;
  fits::Table const truth = fits::Reader(directory / "stars/truth.fits").table(1);
  auto const xs = truth.numbers("x"), ys = truth.numbers("y"), fluxes = truth.numbers("flux");
  int tested = 0;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    constexpr int radius = 14;
    bool alone = xs[i] > radius && ys[i] > radius && xs[i] < 239 - radius && ys[i] < 199 - radius;
    for (std::size_t j = 0; j < xs.size(); ++j)
      alone = alone && (j == i || std::hypot(xs[i] - xs[j], ys[i] - ys[j]) > 50.0);
    if (!alone) continue;
    ++tested;
    Pixel const centre = nearest_pixel({xs[i], ys[i]});
    double sum = 0.0, x_sum = 0.0, y_sum = 0.0;
    for (int y = -radius; y <= radius; ++y)
      for (int x = -radius; x <= radius; ++x) {
        // A window that is centred on the star: cutting the wings shifts no centroid.
        double const dx = centre.x + x - xs[i], dy = centre.y + y - ys[i];
        double const window = std::exp(-0.5 * (dx * dx + dy * dy) / 9.0);
        double const v = image(centre.x + x, centre.y + y) * window;
        sum += v;
        x_sum += v * dx;
        y_sum += v * dy;
      }
    CHECK(std::abs(x_sum / sum) < 0.01);
    CHECK(std::abs(y_sum / sum) < 0.01);
    double const total = mean(image, Box{centre.x - radius, centre.y - radius, 29, 29}) * 29 * 29;
    CHECK(total == doctest::Approx(fluxes[i]).epsilon(0.02));
  }
  CHECK(tested >= 1);
}

TEST_CASE("camera: an effect that is left out leaves out its own part and nothing else") {
  TemporaryDirectory const directory;
  ToyCamera const camera(directory.path());
  auto const frame = [&](std::string const& name, Texts effects, Parameters more = {}) {
    Parameters parameters = one_exposure(std::move(effects));
    parameters.insert(parameters.end(), more.begin(), more.end());
    run_simulator(camera, directory / name.c_str(), parameters);
    return frame_of(frame_path(directory / name.c_str()));
  };
  Image<double> const plain = frame("plain", {});
  double const sky = mean(plain, {0, 0, 120, 200});

  SUBCASE("cosmic rays are those of the truth image") {
    Image<double> const hit = difference(
        frame("cr", {"cosmic_rays"}, {{"cosmic_rays", 10.0}, {"truth_images", true}}), plain);
    fits::Reader truth(directory / "cr/truth/toy-00000007-001.fits");
    auto const charge = truth.image<double>(truth.require("COSMIC_RAYS"));
    double largest = 0.0, worst = 0.0;
    for (int y = 0; y < 200; ++y)
      for (int x = 0; x < 240; ++x) {
        largest = std::max(largest, charge(x, y));
        worst = std::max(worst, std::abs(hit(x, y) - charge(x, y) / (x < 120 ? 1.5 : 2.0)));
      }
    CHECK(largest > 300.0);
    CHECK(worst <= 1.0);  // rounding
  }
  SUBCASE("dark current") {
    Image<double> const dark =
        difference(frame("dark", {"dark"}, {{"dark_current", 36000.0}}), plain);
    CHECK(mean(dark, {0, 0, 120, 200}) == doctest::Approx(300.0 / 1.5).epsilon(1e-3));
  }
  SUBCASE("pixel response: 0.5 % from pixel to pixel, and less at the edges") {
    Image<double> const flat =
        frame("prnu", {"prnu"}, {{"sky", 14.0}, {"stars", 0}, {"galaxies", 0}});
    Image<double> const even = frame("even", {}, {{"sky", 14.0}, {"stars", 0}, {"galaxies", 0}});
    double squares = 0.0;
    for (int y = 40; y < 160; ++y)
      for (int x = 130; x < 200; x += 2)
        squares += std::pow((flat(x, y) - flat(x + 1, y)) / even(x, y), 2);
    CHECK(std::sqrt(squares / (120 * 35) / 2) == doctest::Approx(0.005).epsilon(0.05));
    CHECK(flat(60, 0) / even(60, 0) == doctest::Approx(0.9).epsilon(0.05));
  }
  SUBCASE("non-linearity is what the camera's correction undoes") {
    Image<double> const bent =
        frame("bent", {"nonlinearity"}, {{"sky", 15.2}, {"stars", 0}, {"galaxies", 0}});
    Image<double> const straight =
        frame("straight", {}, {{"sky", 15.2}, {"stars", 0}, {"galaxies", 0}});
    double const shown = mean(bent, {10, 10, 100, 180});
    double const truth = mean(straight, {10, 10, 100, 180});
    CHECK(truth > 10000.0);
    CHECK(shown * (1 + 2e-7 * shown) == doctest::Approx(truth).epsilon(1e-4));
    CHECK(truth - shown > 10.0);
  }
  SUBCASE("sky gradient: none on the average of the field, 3 % at the vignetted edge") {
    Image<double> const tilted = frame("tilted", {"sky_gradient"});
    CHECK(std::abs(mean(tilted, {0, 0, 120, 200}) / sky - 1.0) < 0.03);
    CHECK(mean(difference(tilted, plain), {0, 0, 120, 200}) != 0.0);
  }
  SUBCASE("saturation: full wells overflow along the columns, nothing is above them") {
    Parameters const bright{{"brightest", 10.0}, {"faintest", 11.5}, {"stars", 3.0}};
    Image<double> const full = frame("full", {"saturation"}, bright);
    double highest = 0.0;
    for (double const v : full.pixels()) highest = std::max(highest, v);
    CHECK(highest == doctest::Approx(60500.0).epsilon(1e-4));
  }
  SUBCASE("defects stand in the calibration file, half of them are dim") {
    Image<double> const spoilt = frame("spoilt", {"defects"}, {{"bad_columns", 4}});
    fits::Table const table = fits::Reader(directory / "spoilt/calib/defects-001.fits").table(1);
    CHECK(table.rows == 4);
    auto const x0 = table.numbers("x0"), y0 = table.numbers("y0"), width = table.numbers("width"),
               height = table.numbers("height");
    int outside = 0;
    for (int y = 0; y < 200; ++y)
      for (int x = 0; x < 240; ++x) {
        bool listed = false;
        for (std::size_t i = 0; i < x0.size(); ++i)
          listed =
              listed || (x >= x0[i] && x < x0[i] + width[i] && y >= y0[i] && y < y0[i] + height[i]);
        if (!listed && spoilt(x, y) != plain(x, y)) ++outside;
      }
    CHECK(outside == 0);
    CHECK(mean(spoilt, {int(x0[0]), 199, 1, 1}) < 0.1 * sky);
  }
}

TEST_CASE("camera: a flat's photon-transfer curve gives the gain within 1 %") {
  TemporaryDirectory const directory;
  ToyCamera const camera(directory.path());
  run_simulator(camera, directory / "flats",
                {{"bias_exposures", 0},
                 {"dark_exposures", 0},
                 {"flat_exposures", 2},
                 {"science_exposures", 0},
                 {"flat_scatter", 0.0},
                 {"first_exposure", 1},
                 {"without", Texts{"cosmic_rays", "defects", "hot_pixels", "nonlinearity"}}});
  Image<double> const a = frame_of(frame_path(directory / "flats", 1));
  Image<double> const b = frame_of(frame_path(directory / "flats", 2));
  for (int k : {0, 1}) {
    Box const box{120 * k + 20, 20, 80, 160};
    double const gain = 1.5 + 0.5 * k;
    double const level = 0.5 * (mean(a, box) + mean(b, box));
    Image<double> const pair = difference(a, b);
    double const offset = mean(pair, box);
    double variance = 0.0;
    for (int y = box.y0; y <= box.y1(); ++y)
      for (int x = box.x0; x <= box.x1(); ++x)
        variance += std::pow(pair(x, y) - offset, 2) / (2.0 * 80 * 160);
    variance -= std::pow(5.0 / gain, 2);
    // 12 800 pixels: the variance is known to 1.3 %, so three times that for either amplifier.
    CHECK(level / variance == doctest::Approx(gain).epsilon(0.04));
  }
}

TEST_CASE("camera: what cannot be done is refused, and leaves nothing behind") {
  TemporaryDirectory const directory;
  ToyCamera const camera(directory.path());
  auto const message = [&](Parameters const& parameters) -> std::string {
    try {
      run_simulator(camera, directory / "bad", parameters);
    } catch (Error const& error) {
      CHECK(!fs::exists(directory / "bad"));
      return error.what();
    }
    return "nothing was refused";
  };
  CHECK(message({{"with", Texts{"ghosts"}}})
            .starts_with("there is no effect 'ghosts'; known: noise"));
  CHECK(message({{"detectors", ConfigValue::Array{9}}})
            .starts_with("instrument 'toy' has no detector 9"));
  CHECK(message({{"date", "yesterday"}}).starts_with("'yesterday' is no date"));
  CHECK(message({{"pointing", ConfigValue::Array{1.0}}}).starts_with("parameter 'pointing' wants"));
  CHECK(message({{"reference_catalog", (directory / "none").string()}})
            .find("has no reference shard") != std::string::npos);
  Camera const unaimed;
  SilentLog log;
  CHECK_THROWS_AS(unaimed.write({directory / "bad", 1, nullptr}, log), ConfigError);
}

TEST_CASE("calendar: dates of headers") {
  CHECK(mjd_of("1858-11-17") == 0.0);
  CHECK(mjd_of("2000-01-01T12:00:00") == doctest::Approx(51544.5));
  CHECK(iso_date_time(mjd_of("2016-12-31T23:59:59.999")) == "2016-12-31T23:59:59.999");
  CHECK(day_number(57600.9) == 20160731);
  CHECK(sexagesimal_degrees(-0.5 / 3600 * radians_per_degree) == "-00:00:00.500");
  CHECK(sexagesimal_hours(359.99999999 * radians_per_degree) == "24:00:00.0000");
  CHECK_THROWS_AS(mjd_of("2017-02-30"), ConfigError);
}

TEST_CASE("card rules: values go back through maps, units and scales") {
  CardRule rule;
  rule.upper_case = true;
  rule.map = {{"zero", "bias"}};
  CHECK(to_string(card_value(rule, std::string("bias"))) == "ZERO");
  CHECK(to_string(card_value(rule, std::string("flat"))) == "FLAT");
  CardRule angle;
  angle.scale = -1.0;
  angle.offset = 270.0;
  CHECK(std::get<double>(card_value(angle, 270.0)) == 0.0);
  CardRule hours;
  hours.form = CardRule::Form::hours;
  CHECK(to_string(card_value(hours, 320.25)) == "21:21:00.0000");
}

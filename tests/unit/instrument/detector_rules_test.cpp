// Detectors and amplifiers as camera.toml gives them.
#include <doctest/doctest.h>

#include <cmath>

#include "engine/toml_reader.hpp"
#include "instrument/camera.hpp"
#include "instrument/camera_document.hpp"
#include "unit/temporary_directory.hpp"

using namespace almagest;

namespace {

/// The example of the users' document, as it stands there.
constexpr char const* foo_cam = R"([camera]
name        = "fooCam"
plate_scale = 0.27                                   # arcsec/pixel
match       = [{ INSTRUME = "FOO", TELESCOP = "BAR.*" }]
[data_id]
keys  = ["visit", "ccd"]
roles = { exposure = "visit", visit = "visit", detector = "ccd", band = "filter" }
[header]                                             # card or list of cards; map, unit, date, default
visit   = { key = "OBSNUM", type = "int" }
ccd     = { key = "CCDNUM", type = "int" }
filter  = { key = "FILTER", map = { "SDSS r" = "r", "SDSS g" = "g" } }
begin            = { time = ["DATE-OBS"], timescale = "utc" }
exposure_time    = { key = ["EXPTIME", "EXPOSURE"], unit = "s" }
observation_type = { key = "OBSTYPE", case = "lower", map = { object = "science", zero = "bias" } }
ra               = { key = "RA", unit = "hms" }
dec              = { key = "DEC", unit = "dms" }
boresight_rotation_angle = 0                         # deg
[paths]
raw = "raw/{begin:%Y-%m-%d}/{visit:08d}_{ccd:02d}.fits"
[detector.default]
size       = [2048, 4096]
pixel_um   = 15
saturation = 60000                                   # ADU
[detector.default.amp.A]
hdu        = 1
data       = "DATASEC"                               # a card's name, or a FITS section
overscan   = "BIASSEC"
gain       = { key = "GAIN", default = 1.4 }         # e-/ADU
read_noise = 6.0                                     # e-
[detector.1]
offset_mm = [0, 0]
[[fix]]                                              # headers known to be wrong
where = "visit in 100..140"
set   = { FILTER = "SDSS g" }
)";

CameraDetectors read(std::string const& text) {
  Problems problems;
  CameraDetectors camera = read_detectors(parse_toml(text, "camera.toml"), problems);
  problems.raise();
  return camera;
}

std::string problems_of(std::string const& text) {
  Problems problems;
  read_detectors(parse_toml(text, "camera.toml"), problems);
  return problems.str();
}

Header header(std::initializer_list<std::pair<char const*, Value>> cards) {
  Header result;
  result.set_origin("raw.fits[1]");
  for (auto const& [name, value] : cards) result.set(name, value);
  return result;
}

}  // namespace

TEST_CASE("camera.toml: the example of the users' document is a camera") {
  Problems problems;
  CameraFile file = read_camera(parse_toml(foo_cam, "camera.toml"), problems);
  problems.raise();
  auto const camera = declared_instrument(std::move(file), ".");
  CHECK(camera->keys().size() == 2);
  CHECK(camera->role("band") == "filter");
  REQUIRE(camera->detectors().size() == 1);
  Detector const& detector = camera->detectors()[0];
  CHECK(detector.id == 1);
  CHECK(detector.box == Box{0, 0, 2048, 4096});
  CHECK(detector.pixel_mm == doctest::Approx(0.015));
  CHECK(detector.reference_pixel == Point{1023.5, 2047.5});
  REQUIRE(detector.amplifiers.size() == 1);
  Amplifier const& amplifier = detector.amplifiers[0];
  CHECK(amplifier.name == "A");
  CHECK(amplifier.box == detector.box);
  CHECK(amplifier.gain == 1.4);
  CHECK(amplifier.read_noise == 6.0);
  CHECK(amplifier.saturation == 60000.0);
  CHECK(std::isnan(amplifier.suspect));
  // A pixel of 0.27 arcsec, and an exposure's number of its own.
  Point const angle = camera->field_angle({0.015, 0.0});
  CHECK(angle.x / radians_per_arcsec == doctest::Approx(0.27));
  CHECK(camera->exposure_id({{"visit", std::int64_t{12}}, {"ccd", std::int64_t{1}}}).value == 121);
  CHECK_THROWS_AS(camera->exposure_id({{"visit", std::int64_t{12}}}), DataError);
}

TEST_CASE("sections: from cards, four cards, with * for the edge") {
  auto const section = parse_section("[513:*, 1:2000]");
  REQUIRE(section);
  CHECK(section_box(*section, 576, 2048, "") == Box{512, 0, 64, 2000});
  CHECK(section_box(*section, 544, 2048, "") == Box{512, 0, 32, 2000});
  CHECK(section_box(*section, 512, 2048, "").empty());
  CHECK_THROWS_WITH(section_box(*section, 576, 1000, "overscan"),
                    "overscan: the section [513:*,1:2000] is not inside the image of 576 x 1000 "
                    "pixels");
  CHECK_THROWS_AS(section_box({512, 1, 1, 10}, 576, 2048, ""), DataError);
  for (char const* bad : {"", "[]", "[1:2]", "[0:2,1:2]", "[1:2,1:2", "[a:2,1:2]",
                          "[1:2,1:99999999999]", "[-1:2,1:2]", "[*:2,1:2]", "DATASEC"})
    CHECK_FALSE(parse_section(bad));
}

TEST_CASE("amplifiers: a file's cards have the last word") {
  CameraDetectors const camera = read(R"(
[detector.default]
size = [100, 50]
[detector.default.amp.A]
image      = "[1:60,1:50]"
data       = { key = ["X1", "X2", "Y1", "Y2"], default = "[1:50,1:50]" }
overscan   = "BIASSEC"
box        = "[1:50,1:50]"
gain       = "GAIN"
saturation_electron = 1000
[detector.default.amp.B]
hdu        = "right"
data       = "[11:60,1:50]"
overscan   = "[1:10,1:50]"
box        = "[51:100,1:50]"
flip_x     = true
)");
  REQUIRE(camera.detectors.size() == 1);
  DetectorRule const& rule = *camera.rules[0];
  Amplifier const& known = camera.detectors[0].amplifiers[0];
  CHECK(known.raw_data == Box{0, 0, 50, 50});
  CHECK(known.gain == 1.0);
  Header const primary = header({});
  Header const own = header({{"X1", std::int64_t{5}},
                             {"X2", std::int64_t{54}},
                             {"Y1", std::int64_t{1}},
                             {"Y2", std::int64_t{50}},
                             {"BIASSEC", "[55:60,1:50]"},
                             {"GAIN", 2.0}});
  auto const placed =
      amplifier_of_file(rule.amplifiers[0], rule.place_of(0), known, {own, primary}, 60, 50);
  CHECK(placed.amplifier.raw_data == Box{4, 0, 50, 50});
  CHECK(placed.amplifier.raw_serial_overscan == Box{54, 0, 6, 50});
  CHECK(placed.amplifier.gain == 2.0);
  CHECK(placed.amplifier.saturation == 500.0);
  CHECK(camera.detectors[0].amplifiers[1].read_corner == ReadCorner::lower_right);

  Header const no_gain = header({{"BIASSEC", "[55:60,1:50]"}});
  CHECK_THROWS_WITH(
      amplifier_of_file(rule.amplifiers[0], rule.place_of(0), known, {no_gain, primary}, 60, 50),
      "raw.fits[1]: card GAIN is absent");
  Header const bad = header({{"BIASSEC", "[55:61,1:50]"}, {"GAIN", 2.0}});
  CHECK_THROWS_WITH(
      amplifier_of_file(rule.amplifiers[0], rule.place_of(0), known, {bad, primary}, 60, 50),
      "raw.fits[1]: amplifier 'A', overscan: the section [55:61,1:50] is not inside the image of "
      "60 "
      "x 50 pixels");
}

TEST_CASE("amplifiers: an overscan beyond the columns is a parallel one") {
  CameraDetectors const camera = read(R"(
[detector.1]
size = [50, 40]
[detector.1.amp.A]
data     = "[1:50,1:40]"
overscan = "[1:50,41:48]"
)");
  CHECK(camera.detectors[0].amplifiers[0].raw_parallel_overscan == Box{0, 40, 50, 8});
  CHECK(camera.detectors[0].amplifiers[0].raw_serial_overscan.empty());
}

TEST_CASE("detectors: tables of detectors and amplifiers") {
  TemporaryDirectory const directory;
  put_bytes(directory / "detectors.csv",
            "# a remark\nid,label,kind,x_mm\n7,east,wide,3.5\n3,west,wide,-3.5\n");
  put_bytes(directory / "amps.csv",
            "detector,amplifier,gain,saturation_electron,linearity_type,c0,cti\n"
            "3,A,2,1000,squared,1e-7,3e-6\n3,B,4,1000,none,,0\n");
  put_bytes(directory / "camera.toml", R"(
[detectors]
table   = "detectors.csv"
columns = { name = "label" }
[detectors.amplifiers]
table     = "amps.csv"
linearity = ["c0"]
further   = ["cti"]
[detector.default]
pixel_um = 10
[detector_kind.wide]
size = [40, 10]
[[detector_kind.wide.amp_row]]
names    = ["A", "B"]
hdus     = ["one", "two"]
position = [20, 0]
step     = -20
size     = [20, 10]
data     = "[1:20,1:10]"
)");
  Problems problems;
  CameraDetectors const camera =
      read_detectors(read_package_toml(directory / "camera.toml"), problems);
  problems.raise();
  REQUIRE(camera.detectors.size() == 2);
  CHECK(camera.detectors[0].name == "west");
  CHECK(camera.detectors[0].position_mm.x == -3.5);
  CHECK(camera.detectors[0].vendor == "wide");
  CHECK(camera.detectors[1].pixel_mm == doctest::Approx(0.010));
  auto const& amplifiers = camera.detectors[0].amplifiers;
  CHECK(amplifiers[0].box == Box{20, 0, 20, 10});
  CHECK(amplifiers[1].box == Box{0, 0, 20, 10});
  CHECK(amplifiers[0].saturation == 500.0);  // electrons over the gain
  CHECK(amplifiers[1].saturation == 250.0);
  CHECK(amplifiers[0].linearity.type == Linearity::Type::squared);
  CHECK(amplifiers[0].linearity.coefficients == std::vector<double>{1e-7});
  CHECK(amplifiers[0].further.at("cti") == 3e-6);
  CHECK(camera.detectors[1].amplifiers[0].gain == 1.0);

  put_bytes(directory / "amps.csv", "detector,amplifier,gain,c0,cti\n3,C,2,,\n9,A,1,,\n3,A,x,,\n");
  Problems wrong;
  CHECK_THROWS_AS(read_detectors(read_package_toml(directory / "camera.toml"), wrong), ConfigError);
  CHECK(wrong.str().find("amps.csv:2") != std::string::npos);
  CHECK(wrong.str().find("there is no detector 9") != std::string::npos);
}

TEST_CASE("detectors: what is wrong is told at its place") {
  CHECK(problems_of("[detector.1]\nsize = [100, 50]\n[detector.1.amp.A]\ndata = \"[1:50,1:50]\"\n"
                    "[detector.1.amp.B]\ndata = \"[1:50,1:50]\"\n")
            .find("amplifier 'A' needs 'box'") != std::string::npos);
  CHECK(problems_of("[detector.1]\nsize = [100]\n").find("camera.toml:2:") == 0);
  CHECK(problems_of("[detector.1]\nsize = [10, 10]\n[detector.1.amp.A]\ndata = \"[1:5\"\n")
            .find("camera.toml:4:") == 0);
  CHECK(problems_of("[detector.1]\nsize = [10, 10]\n[detector.1.amp.A]\ndatta = \"[1:5,1:5]\"\n")
            .find("did you mean 'data'") != std::string::npos);
  CHECK(problems_of("[detector.1]\nsize = [10, 10]\n[detector.1.amp.A]\nread_corner = \"left\"\n")
            .find("read_corner") != std::string::npos);
  CHECK(problems_of("[detector.1]\n[detector.1.amp.A]\nhdu = 0\n").find("needs 'size'") !=
        std::string::npos);
  CHECK(problems_of("[detector.1]\nkind = \"x\"\n").find("detector_kind") != std::string::npos);
  CHECK(problems_of("[detector.1]\nyaw_deg = nan\n").find("'yaw_deg' wants a finite number") !=
        std::string::npos);
  CHECK(problems_of("[detector.1]\nsize = [10, 10]\n[[detector.1.amp_row]]\nnames = [\"A\"]\n"
                    "position = [1e300, 0]\nstep = 1\nsize = [10, 10]\n")
            .find("out of range") != std::string::npos);
  CHECK(problems_of("[detector.1]\nid = 4\n[detector.2]\nid = 4\n").find("two detectors") !=
        std::string::npos);
}

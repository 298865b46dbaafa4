// Raw files of real cameras, and what is wrong with damaged ones.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "almagest/fits.hpp"
#include "almagest/raw_exposure.hpp"
#include "cameras.hpp"
#include "unit/temporary_directory.hpp"

using namespace almagest;

namespace {

DataId lsst_id(std::int64_t exposure, std::int64_t detector) {
  return {{"exposure", exposure}, {"detector", detector}};
}

/// Cut out, mirrored and pasted, the plain way: as the ISR document's section 3.3 says it.
Image<float> assemble(RawExposure const& raw) {
  Image<float> frame(raw.detector.box);
  for (std::size_t i = 0; i < raw.channels.size(); ++i) {
    Amplifier const& amplifier = raw.amplifier(i);
    for (int y = 0; y < amplifier.box.height; ++y)
      for (int x = 0; x < amplifier.box.width; ++x) {
        int const from_x = amplifier.flip_x ? amplifier.box.width - 1 - x : x;
        int const from_y = amplifier.flip_y ? amplifier.box.height - 1 - y : y;
        frame.row(amplifier.box.y0 + y)[static_cast<std::size_t>(amplifier.box.x0 + x)] =
            raw.channels[i].image(amplifier.raw_data.x0 + from_x, amplifier.raw_data.y0 + from_y);
      }
  }
  return frame;
}

}  // namespace

TEST_CASE("raw: the e2v spot exposure assembles into the expected frame") {
  auto const path = cameras::test_data("lsst/pixels/e2v_spot.fits.gz");
  auto const expected_path = cameras::test_data("lsst/pixels/e2v_expected_assembled.fits.gz");
  if (path.empty() || expected_path.empty()) return;
  RawExposure const raw =
      cameras::load("obs_lsst/lsstcam")->read_raw(path, lsst_id(3019103101985, 94));
  fits::Reader reader(expected_path, fits::Checksums::ignore);
  Image<float> expected;
  for (int hdu = 0; hdu < reader.hdu_count() && expected.empty(); ++hdu)
    if (reader.header(hdu).number_or("NAXIS", 0) == 2) expected = reader.image<float>(hdu);
  Image<float> const frame = assemble(raw);
  REQUIRE(frame.width() == expected.width());
  REQUIRE(frame.height() == expected.height());
  std::size_t different = 0, lit = 0;
  for (std::size_t i = 0; i < frame.pixels().size(); ++i) {
    different += frame.pixels()[i] != expected.pixels()[i];
    lit += frame.pixels()[i] != 0.0F;
  }
  CHECK(different == 0);
  CHECK(lit == 1'788'683);
}

TEST_CASE("raw: every camera's files are read with the sections that they have") {
  struct File {
    char const* package;
    char const* path;
    DataId id;
    char const* vendor;
    int width, height;
    Box data, serial, parallel;
    std::int64_t exposure_id;
  };
  std::string const raws = "lsst/zero_pixel_raws/";
  for (File const& file : {
           // Test rafts stood in LSSTCam in 2019: ITL chips in the place of e2v ones.
           File{"obs_lsst/lsstcam",
                "lsstCam-3019031900001-R22-S21-det097.fits",
                lsst_id(3019031900001, 97),
                "itl",
                576,
                2048,
                {3, 0, 509, 2000},
                {512, 0, 64, 2000},
                {3, 2000, 509, 48},
                165658231137},
           File{"obs_lsst/lsstcam",
                "lsstCam-3019031900001-R10-S02-det029.fits",
                lsst_id(3019031900001, 29),
                "itl",
                576,
                2048,
                {3, 0, 509, 2000},
                {512, 0, 64, 2000},
                {3, 2000, 509, 48},
                165658231069},
           File{"obs_lsst/lsstcam",
                "lsstCam-30211212000310-R22-S22-det098.fits",
                lsst_id(3021121200310, 98),
                "e2v",
                576,
                2048,
                {10, 0, 512, 2002},
                {522, 0, 54, 2002},
                {10, 2002, 512, 46},
                174038529634},
           File{"obs_lsst/comcam",
                "comCam-3019053000001-R22-S00-det000.fits",
                lsst_id(3019053000001, 0),
                "itl",
                576,
                2048,
                {3, 0, 509, 2000},
                {512, 0, 64, 2000},
                {3, 2000, 509, 48},
                166262210816},
           File{"obs_lsst/latiss",
                "latiss-3018092000065-det000.fits",
                lsst_id(3018092000065, 0),
                "itl",
                576,
                2048,
                {3, 0, 509, 2000},
                {512, 0, 64, 2000},
                {3, 2000, 509, 48},
                164148297984},
           File{"obs_lsst/imsim",
                "imsim-00204595-R11-S20-det042.fits",
                lsst_id(204595, 42),
                "itl",
                544,
                2048,
                {3, 0, 509, 2000},
                {512, 0, 32, 2000},
                {3, 2000, 509, 48},
                204595042},
           File{"obs_lsst/phosim",
                "phosim-00204595-R11-S20-det042.fits",
                lsst_id(204595, 42),
                "itl",
                522,
                2010,
                {3, 0, 509, 2000},
                {512, 0, 10, 2000},
                {3, 2000, 509, 10},
                204595042},
           File{"obs_lsst/lsstcamsim",
                "lsstCamSim-7024032100720-R22-S11-det094.fits.fz",
                lsst_id(7024032100720, 94),
                "e2v",
                576,
                2048,
                {10, 0, 512, 2002},
                {522, 0, 54, 2002},
                {10, 2002, 512, 46},
                730756993118},
       }) {
    auto const path = cameras::test_data(raws + file.path);
    if (path.empty()) return;
    CAPTURE(file.path);
    RawExposure const raw = cameras::load(file.package)->read_raw(path, file.id);
    CHECK(raw.id == file.id);
    CHECK(raw.detector.vendor == file.vendor);
    CHECK(raw.visit_info.exposure_id == file.exposure_id);
    REQUIRE(raw.channels.size() == 16);
    for (std::size_t i = 0; i < raw.channels.size(); ++i) {
      CHECK(raw.channels[i].image.bbox() == Box{0, 0, file.width, file.height});
      CHECK(raw.amplifier(i).raw_data == file.data);
      CHECK(raw.amplifier(i).raw_serial_overscan == file.serial);
      CHECK(raw.amplifier(i).raw_parallel_overscan == file.parallel);
      CHECK(std::ranges::all_of(raw.channels[i].image.pixels(), [](float p) { return p == 0; }));
    }
  }
}

TEST_CASE("raw: phoSim's gain is the card's, and its metadata stand in two HDUs") {
  auto const path = cameras::test_data("lsst/zero_pixel_raws/phosim-00204595-R11-S20-det042.fits");
  if (path.empty()) return;
  RawExposure const raw = cameras::load("obs_lsst/phosim")->read_raw(path, lsst_id(204595, 42));
  CHECK(raw.amplifier(0).gain == 1.73475);
  CHECK(raw.amplifier(0).read_noise == doctest::Approx(4.29943795936014));
  CHECK(raw.metadata.has("RAFTNAME"));
  CHECK(raw.metadata.has("RDNOISE"));       // of the second
  CHECK_FALSE(raw.metadata.has("CRVAL1"));  // what the camera's model says is better
  CHECK(raw.wcs);
}

TEST_CASE("raw: the one real amplifier of the ts8 file") {
  auto const path = cameras::test_data("lsst/pixels/ts8-201807241028453-RTM-010-S11-det067.fits");
  if (path.empty()) return;
  RawExposure const raw =
      cameras::load("obs_lsst/ts8")->read_raw(path, lsst_id(201807241028453, 67));
  CHECK(raw.visit_info.exposure_id == 201807241028453067);
  for (std::size_t i = 0; i < raw.channels.size(); ++i) {
    auto const pixels = raw.channels[i].image.pixels();
    bool const lit = std::ranges::any_of(pixels, [](float p) { return p != 0.0F; });
    CHECK(lit == (raw.amplifier(i).name == "C00"));
    if (!lit) continue;
    // Median of the overscan of row 0, without its edges (ISR document 3.3).
    Box const box = raw.amplifier(i).raw_serial_overscan;
    std::vector<float> row;
    for (int x = box.x0 + 3; x <= box.x1() - 3; ++x) row.push_back(raw.channels[i].image(x, 0));
    std::ranges::sort(row);
    CHECK(0.5F * (row[row.size() / 2] + row[row.size() / 2 - 1]) == 27032.5F);
  }
}

TEST_CASE("raw: a guider's file says what is missing") {
  auto const path = cameras::test_data("lsst/pixels/MC_C_20240918_000013_R00_SG0_guider.fits");
  if (path.empty()) return;
  CHECK_THROWS_AS(cameras::load("obs_lsst/lsstcam")->read_raw(path, lsst_id(3024091800013, 189)),
                  NotImplementedError);
}

namespace {

/// A frame of Hyper Suprime-Cam: all channels in one HDU, each pixel telling where it stands.
std::filesystem::path write_hsc(TemporaryDirectory const& directory) {
  Image<std::uint16_t> pixels(2144, 4241);
  for (int y = 0; y < pixels.height(); ++y)
    for (int x = 0; x < pixels.width(); ++x)
      pixels.row(y)[static_cast<std::size_t>(x)] = static_cast<std::uint16_t>(x + 10 * (y % 1000));
  Header header;
  for (auto const& [name, value] :
       std::initializer_list<std::pair<char const*, Value>>{{"INSTRUME", "Hyper Suprime-Cam"},
                                                            {"EXP-ID", "HSCE00040984"},
                                                            {"FRAMEID", "HSCA04098410"},
                                                            {"DET-ID", std::int64_t{55}},
                                                            {"T_BEEID", std::int64_t{0}},
                                                            {"T_SDOID", std::int64_t{10}},
                                                            {"DATE-OBS", "2015-10-10"},
                                                            {"UT-STR", "10:00:00.0"},
                                                            {"UT-END", "10:05:00.0"},
                                                            {"MJD", 57305.4},
                                                            {"EXPTIME", 300.0},
                                                            {"FILTER01", "HSC-r"},
                                                            {"DATA-TYP", "OBJECT"},
                                                            {"OBJECT", "SSP_UDEEP_SXDS"},
                                                            {"RA2000", "02:18:00.0"},
                                                            {"DEC2000", "-05:00:00.0"},
                                                            {"INST-PA", 0.0},
                                                            {"AIRMASS", 1.2}})
    header.set(name, value);
  auto path = directory / "raw.fits";
  fits::Writer writer(path);
  writer.image("", pixels, header, {});
  writer.close();
  return path;
}

}  // namespace

TEST_CASE("raw: HSC's channels are cut out of one HDU, and amplifiers run against them") {
  TemporaryDirectory const directory;
  auto const hsc = cameras::load("obs_hsc");
  DataId const id{{"visit", std::int64_t{40984}}, {"ccd", std::int64_t{55}}};
  RawExposure const raw = hsc->read_raw(write_hsc(directory), id);
  REQUIRE(raw.channels.size() == 4);
  CHECK(raw.detector.name == "0_10");
  CHECK(raw.visit_info.exposure_time_s == 300.0);
  CHECK(raw.visit_info.observation_type == "science");
  CHECK(raw.visit_info.band == "r");
  CHECK(raw.visit_info.physical_filter == "HSC-R");
  REQUIRE(raw.wcs);
  // Amplifier 0 is channel 4: columns 1609 to 2144 of the file.
  CHECK(raw.channels[0].image.bbox().width == 536);
  Amplifier const& first = raw.amplifier(0);
  CHECK(raw.channels[0].image(first.raw_data.x0, first.raw_data.y0) == 1624 + 10 * 49);
  CHECK(raw.channels[0].image(first.raw_serial_overscan.x0, first.raw_serial_overscan.y0) ==
        1608 + 10 * 49);
  CHECK(raw.channels[0].image(first.raw_parallel_overscan.x0, first.raw_parallel_overscan.y0) ==
        1624 + 10 * (4225 % 1000));
  // The assembled frame is the file's data, mirrored left to right, row by row.
  Image<float> const frame = assemble(raw);
  for (int const x : {0, 511, 512, 1023, 1024, 1535, 1536, 2047}) {
    constexpr std::array<int, 4> data_x0{1624, 1080, 552, 8};  // of amplifiers 0 to 3, 0-based
    int const k = x / 512;
    CHECK(frame(x, 100) == static_cast<float>(data_x0[static_cast<std::size_t>(k)] + 511 -
                                              (x - 512 * k) + 10 * 149));
  }
}

namespace {

/// A small LSST-like raw: 16 amplifiers in Rice tiles, with the headers of LSSTCam.
std::string small_lsst_raw(TemporaryDirectory const& directory, fits::Compression compression) {
  Header primary;
  for (auto const& [name, value] :
       std::initializer_list<std::pair<char const*, Value>>{{"INSTRUME", "LSSTCam"},
                                                            {"TELESCOP", "LSST"},
                                                            {"OBSID", "MC_O_20250415_000060"},
                                                            {"DAYOBS", "20250415"},
                                                            {"SEQNUM", std::int64_t{60}},
                                                            {"CONTRLLR", "O"},
                                                            {"RAFTBAY", "R01"},
                                                            {"CCDSLOT", "S01"},
                                                            {"CCD_MANU", "ITL"},
                                                            {"IMGTYPE", "BIAS"},
                                                            {"EXPTIME", 0.0},
                                                            {"DATE-BEG", "2025-04-15T10:00:00.0"}})
    primary.set(name, value);
  auto const path = directory / "good.fits";
  fits::Writer writer(path);
  writer.primary(primary);
  std::mt19937 generator(11);
  for (int i = 0; i < 16; ++i) {
    std::string const name =
        "Segment" + std::string(i < 8 ? "1" : "0") + std::to_string(i < 8 ? i : 15 - i);
    Image<std::int32_t> pixels(576, 2048);
    for (int y = 0; y < 40; ++y)
      for (std::int32_t& pixel : pixels.row(y))
        pixel = 27000 + static_cast<std::int32_t>(generator() % 20);
    Header header;
    header.set("DATASEC", std::string("[4:512,1:2000]"));
    writer.image(name, pixels, header, {compression, 0.0});
  }
  writer.close();
  return bytes_of(path);
}

/// One damage to a file; the same for the same seed.
std::string damaged(std::string bytes, unsigned seed) {
  std::mt19937 generator(seed);
  auto const below = [&](std::size_t n) { return static_cast<std::size_t>(generator()) % n; };
  auto const overwrite = [&](char const* card, std::string const& by) {
    std::string const name =
        std::string(card) + std::string(8 - std::string(card).size(), ' ') + "=";
    std::vector<std::size_t> places;
    for (auto at = bytes.find(name); at != std::string::npos; at = bytes.find(name, at + 80))
      places.push_back(at);
    if (places.empty()) return;
    bytes.replace(places[below(places.size())] + 10, by.size(), by);
  };
  switch (seed % 8) {
    case 0:
      bytes.resize(below(bytes.size()));
      break;
    case 1:
      for (int i = 0; i < 20; ++i) bytes[below(bytes.size())] = static_cast<char>(generator());
      break;
    case 2:  // headers only: they are in front
      for (int i = 0; i < 5; ++i) bytes[below(8640)] = static_cast<char>(generator());
      break;
    case 3:
      overwrite("ZNAXIS1", "            99999999");
      break;
    case 4:
      overwrite("ZTILE1", "                   7");
      break;
    case 5:
      overwrite("NAXIS1", "                   3");
      break;
    case 6:
      overwrite("EXTNAME", "'Nothing '");
      break;
    default:
      overwrite("ZNAXIS2", "                1000");
      break;
  }
  return bytes;
}

}  // namespace

TEST_CASE("raw: damaged files give one error each, or are read; none takes long") {
  TemporaryDirectory const directory;
  auto const camera = cameras::load("obs_lsst/lsstcam");
  DataId const id = lsst_id(2025041500060, 1);
  std::string const good = small_lsst_raw(directory, fits::Compression::rice);
  REQUIRE(camera->read_raw(directory / "good.fits", id).channels.size() == 16);
  auto const path = directory / "bad.fits";
  int refused = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    put_bytes(path, damaged(good, seed));
    auto const begin = std::chrono::steady_clock::now();
    try {
      camera->read_raw(path, id);
    } catch (DataError const& e) {
      ++refused;
      std::string const message = e.what();
      CAPTURE(message);
      CHECK(message.find("bad.fits") != std::string::npos);
    }
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
  }
  MESSAGE(refused << " of 200 were refused");
  CHECK(refused > 150);
}

TEST_CASE("raw: sections outside of the image are told with file and amplifier") {
  TemporaryDirectory const directory;
  auto const camera = cameras::load("obs_lsst/lsstcam");
  Header primary;
  primary.set("INSTRUME", std::string("LSSTCam"));
  primary.set("OBSID", std::string("MC_O_20250415_000060"));
  primary.set("DATE-BEG", std::string("2025-04-15T10:00:00.0"));
  primary.set("RAFTBAY", std::string("R01"));
  primary.set("CCDSLOT", std::string("S01"));
  fits::Writer writer(directory / "small.fits");
  writer.primary(primary);
  writer.image("Segment10", Image<std::int32_t>(500, 20), {}, {});
  writer.close();
  std::string message;
  try {
    camera->read_raw(directory / "small.fits", lsst_id(2025041500060, 1));
  } catch (DataError const& e) {
    message = e.what();
  }
  CHECK(message.find("small.fits[1] (Segment10): amplifier 'C10', data: the section "
                     "[4:512,1:2000] is not inside the image of 500 x 20 pixels") !=
        std::string::npos);
  CHECK_THROWS_AS(camera->read_raw(directory / "none.fits", lsst_id(1, 1)), NotFoundError);
}

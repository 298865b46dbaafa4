// The cameras' tables against the observatories' own (ISR document 3.1, 3.3; sections 8.15-8.20).
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "almagest/fits.hpp"
#include "cameras.hpp"

using namespace almagest;

namespace {

std::vector<std::map<std::string, std::string>> csv_rows(std::filesystem::path const& path) {
  std::ifstream file(path);
  std::vector<std::map<std::string, std::string>> rows;
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    std::vector<std::string> cells;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    if (names.empty()) {
      names = cells;
      continue;
    }
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < names.size(); ++i) row[names[i]] = i < cells.size() ? cells[i] : "";
  }
  return rows;
}

Box box_of(fits::Table const& table, std::string const& prefix, std::size_t row) {
  auto const value = [&](char const* suffix) {
    return static_cast<int>(table.numbers(prefix + suffix)[row]);
  };
  return {value("_min_x"), value("_min_y"), value("_extent_x"), value("_extent_y")};
}

/// A raw box of a mirrored file, as it stands in the file.
Box mirrored(Box box, int width) {
  box.x0 = width - box.x0 - box.width;
  return box;
}

}  // namespace

TEST_CASE("hsc: 112 CCDs stand where the observatory's table has them") {
  auto const path = cameras::test_data("hsc/camera/hsc_detectors.csv");
  if (path.empty()) return;
  auto const hsc = cameras::load("obs_hsc");
  auto const rows = csv_rows(path);
  REQUIRE(rows.size() == 112);
  REQUIRE(hsc->detectors().size() == 112);
  for (auto const& row : rows) {
    Detector const& detector = hsc->detector(std::stoi(row.at("id")));
    CHECK(detector.name == row.at("name"));
    CHECK(detector.type == (row.at("type") == "FOCUS" ? "focus" : "science"));
    CHECK(detector.position_mm.x == std::stod(row.at("x_mm")));
    CHECK(detector.position_mm.y == std::stod(row.at("y_mm")));
    CHECK(detector.yaw_deg == std::stod(row.at("yaw_deg")));
    CHECK(detector.reference_pixel ==
          Point{std::stod(row.at("refpos_x")), std::stod(row.at("refpos_y"))});
    CHECK(detector.box == Box{0, 0, 2048, 4176});
  }
}

TEST_CASE("hsc: every amplifier has the constants and boxes of its CCD's table") {
  auto const directory = cameras::test_data("hsc/camera/amps");
  if (directory.empty()) return;
  auto const hsc = cameras::load("obs_hsc");
  constexpr int raw_width = 2144;
  int compared = 0;
  for (Detector const& detector : hsc->detectors()) {
    fits::Reader reader(directory / (detector.name + ".fits"), fits::Checksums::ignore);
    fits::Table const table = reader.table(1);
    auto const numbers = [&](char const* name) { return table.numbers(name); };
    REQUIRE(detector.amplifiers.size() == 4);
    for (std::size_t k = 0; k < 4; ++k) {
      Amplifier const& amplifier = detector.amplifiers[k];
      CHECK(amplifier.name == table.texts("name")[k]);
      CHECK(amplifier.box == box_of(table, "bbox", k));
      CHECK(amplifier.gain == doctest::Approx(numbers("gain")[k]).epsilon(1e-6));
      // The table's read noise is in adu, whatever it says (ISR document 3.1).
      CHECK(amplifier.read_noise ==
            doctest::Approx(numbers("readnoise")[k] * numbers("gain")[k]).epsilon(1e-3));
      CHECK(amplifier.saturation == numbers("saturation")[k]);
      double const suspect = numbers("suspectlevel")[k];
      CHECK(
          (amplifier.suspect == suspect || (std::isnan(suspect) && std::isnan(amplifier.suspect))));
      if (detector.type == "science") {
        CHECK(amplifier.linearity.type == Linearity::Type::squared);
        CHECK(amplifier.linearity.coefficients.at(0) ==
              doctest::Approx(numbers("linearity_coeffs")[4 * k]).epsilon(1e-5));
      } else {
        CHECK(amplifier.linearity.type == Linearity::Type::none);
      }
      bool const right = numbers("readoutcorner")[k] == 1;
      CHECK(amplifier.read_corner == (right ? ReadCorner::lower_right : ReadCorner::lower_left));
      ++compared;
      if (detector.vendor == "Hamamatsu" && detector.id >= 100 && detector.id <= 103) {
        CHECK((!amplifier.flip_x && amplifier.flip_y));
        continue;
      }
      CHECK((amplifier.flip_x && !amplifier.flip_y));
      // The table is of the mirrored file, ours of the file; channels are cut out of it.
      Box const data = mirrored(box_of(table, "raw_databbox", k), raw_width);
      Box const serial = mirrored(box_of(table, "raw_horizontaloverscanbbox", k), raw_width);
      Box const parallel = mirrored(box_of(table, "raw_verticaloverscanbbox", k), raw_width);
      CHECK(amplifier.raw_data.width == data.width);
      CHECK(amplifier.raw_data.height == data.height);
      CHECK(amplifier.raw_serial_overscan.x0 - amplifier.raw_data.x0 == serial.x0 - data.x0);
      CHECK(amplifier.raw_serial_overscan.width == serial.width);
      CHECK(amplifier.raw_parallel_overscan.y0 - amplifier.raw_data.y0 == parallel.y0 - data.y0);
      CHECK(amplifier.raw_parallel_overscan.height == parallel.height);
    }
  }
  CHECK(compared == 448);
}

TEST_CASE("lsst: detectors and amplifiers equal the cameras' archives") {
  struct Camera {
    char const* package;
    char const* archive;
    std::size_t detectors, amplifiers;
    bool same_constants;  ///< LSSTCam's archive is older than the table of its gains
  };
  for (Camera const& camera : {Camera{"obs_lsst/lsstcam", "LSSTCam", 205, 3216, false},
                               Camera{"obs_lsst/comcam", "LSSTComCam", 9, 144, true},
                               Camera{"obs_lsst/latiss", "LATISS", 1, 16, true}}) {
    std::string const name = camera.archive;
    auto const path =
        cameras::test_data("lsst/camera/camera_" + name + "_" + name + "_calib_unbounded.fits");
    if (path.empty()) return;
    auto const instrument = cameras::load(camera.package);
    CAPTURE(name);
    REQUIRE(instrument->detectors().size() == camera.detectors);
    fits::Reader reader(path, fits::Checksums::ignore);
    fits::Table const detectors = reader.table(3), amplifiers = reader.table(6);
    REQUIRE(detectors.rows == static_cast<std::int64_t>(camera.detectors));
    REQUIRE(amplifiers.rows == static_cast<std::int64_t>(camera.amplifiers));
    std::map<std::string, std::vector<double>> numbers;
    for (char const* column : {"id", "fpPosition_x", "fpPosition_y", "refPoint_x", "refPoint_y",
                               "yaw", "bbox_max_x", "bbox_max_y"})
      numbers[column] = detectors.numbers(column);
    auto const& flags = std::get<std::vector<std::uint8_t>>(amplifiers.column("flags").values);
    auto const gain = amplifiers.numbers("gain"), noise = amplifiers.numbers("readnoise");
    std::map<std::string, std::vector<double>> boxes;
    for (char const* box : {"bbox", "raw_databbox", "raw_prescanbbox", "raw_horizontaloverscanbbox",
                            "raw_verticaloverscanbbox"})
      for (char const* side : {"_min_x", "_min_y", "_extent_x", "_extent_y"})
        boxes[box + std::string(side)] = amplifiers.numbers(box + std::string(side));
    auto const box = [&](std::string const& prefix, std::size_t row) {
      auto const value = [&](char const* side) {
        return static_cast<int>(boxes.at(prefix + side)[row]);
      };
      return Box{value("_min_x"), value("_min_y"), value("_extent_x"), value("_extent_y")};
    };

    // Which rows are of one detector, the archive's index tells.
    fits::Table const index = reader.table(1);
    auto const archive = index.numbers("id"), part = index.numbers("cat.persistable"),
               first_row = index.numbers("row0");
    std::map<double, std::size_t> detector_row, amplifier_row;
    for (std::size_t i = 0; i < archive.size(); ++i)
      if (index.texts("name")[i] == "Detector")
        (part[i] == 0 ? detector_row : amplifier_row)[archive[i]] =
            static_cast<std::size_t>(first_row[i]);
    REQUIRE(amplifier_row.size() == camera.detectors);

    std::size_t compared = 0;
    for (auto const& [id, i] : detector_row) {
      std::size_t row = amplifier_row.at(id);
      Detector const& detector = instrument->detector(static_cast<int>(numbers["id"][i]));
      CAPTURE(detector.name);
      CHECK(detector.name == detectors.texts("name")[i]);
      CHECK(detector.serial == detectors.texts("serial")[i]);
      CHECK(std::abs(detector.position_mm.x - numbers["fpPosition_x"][i]) < 1e-9);
      CHECK(std::abs(detector.position_mm.y - numbers["fpPosition_y"][i]) < 1e-9);
      CHECK(detector.reference_pixel == Point{numbers["refPoint_x"][i], numbers["refPoint_y"][i]});
      // Angles are radians in the archive.
      CHECK(std::abs(std::remainder(detector.yaw_deg - numbers["yaw"][i] / radians_per_degree,
                                    360.0)) < 1e-9);
      CHECK(detector.box == Box{0, 0, static_cast<int>(numbers["bbox_max_x"][i]) + 1,
                                static_cast<int>(numbers["bbox_max_y"][i]) + 1});
      for (Amplifier const& amplifier : detector.amplifiers) {
        CAPTURE(amplifier.name);
        CHECK(amplifier.name == amplifiers.texts("name")[row]);
        if (camera.same_constants) {
          CHECK(amplifier.gain == doctest::Approx(gain[row]).epsilon(1e-6));
          CHECK(amplifier.read_noise == doctest::Approx(noise[row]).epsilon(1e-6));
        }
        CHECK(amplifier.box == box("bbox", row));
        CHECK(amplifier.raw_data == box("raw_databbox", row));
        CHECK(amplifier.raw_prescan == box("raw_prescanbbox", row));
        CHECK(amplifier.flip_x == (flags[3 * row + 1] != 0));
        CHECK(amplifier.flip_y == (flags[3 * row + 2] != 0));
        // The archives' overscans of ITL chips are shorter than the files' (section 8.16).
        Box const serial = box("raw_horizontaloverscanbbox", row);
        CHECK(amplifier.raw_serial_overscan.x0 == serial.x0);
        CHECK(amplifier.raw_serial_overscan.width >= serial.width);
        CHECK(amplifier.raw_parallel_overscan == box("raw_verticaloverscanbbox", row));
        ++row;
        ++compared;
      }
    }
    CHECK(compared == camera.amplifiers);
  }
}

TEST_CASE("lsst: the amplifiers' constants are those of the observatory's table") {
  auto const path = cameras::test_data("lsst/camera/lsstcam_amps.csv");
  if (path.empty()) return;
  auto const rows = csv_rows(path);
  CHECK(rows.size() == 3216);
  auto const lsst = cameras::load("obs_lsst/lsstcam");
  for (auto const& row : rows) {
    Amplifier const* const amplifier =
        lsst->detector(std::stoi(row.at("id"))).find_amplifier(row.at("amp"));
    REQUIRE(amplifier);
    CHECK(amplifier->gain == std::stod(row.at("gain")));
    CHECK(amplifier->read_noise == std::stod(row.at("readnoise_e")));
    // Electrons there, adu here.
    CHECK(amplifier->saturation * amplifier->gain ==
          doctest::Approx(std::stod(row.at("saturation"))).epsilon(1e-12));
  }
}

TEST_CASE("lsst: exposure ids are the observatory's") {
  struct Example {
    char const* package;
    std::int64_t exposure, detector, id;
  };
  // ISR document, table of section 2.2.
  for (Example const& e : {Example{"obs_lsst/lsstcam", 3019031900001, 97, 165658231137},
                           Example{"obs_lsst/lsstcam", 3019040600643, 27, 165809390363},
                           Example{"obs_lsst/lsstcam", 2025041500060, 1, 46833613825},
                           Example{"obs_lsst/lsstcam", 2025060900578, 1, 47295119873},
                           Example{"obs_lsst/latiss", 2019030600014, 0, 28110228992},
                           Example{"obs_lsst/latiss", 2024062400106, 0, 44358986240},
                           Example{"obs_lsst/comcam", 4010021706001, 0, 275273707776},
                           Example{"obs_lsst/comcam", 2024110800266, 0, 45508266496},
                           Example{"obs_lsst/imsim", 204595, 38, 204595038},
                           Example{"obs_lsst/ts8", 201807241041568, 67, 201807241041568067}}) {
    auto const id =
        cameras::load(e.package)->exposure_id({{"exposure", e.exposure}, {"detector", e.detector}});
    CHECK(id.value == e.id);
  }
  auto const hsc = cameras::load("obs_hsc");
  CHECK(hsc->exposure_id({{"visit", std::int64_t{904024}}, {"ccd", std::int64_t{50}}}).value ==
        180804850);
  CHECK(first_source_id(
            hsc->exposure_id({{"visit", std::int64_t{904024}}, {"ccd", std::int64_t{50}}})) > 0);
}

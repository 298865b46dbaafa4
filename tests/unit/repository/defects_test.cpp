#include <doctest/doctest.h>

#include <cstdlib>

#include "almagest/calibrations.hpp"
#include "repository/formatters/formatters.hpp"
#include "toy_repository.hpp"

using namespace almagest;
namespace fs = std::filesystem;

namespace {

Defects read(fs::path const& path, DataId const& id = {}) {
  return defects_formatter()->read(path, {id, std::nullopt, nullptr}).get<Defects>();
}

fs::path test_data() {
  char const* data = std::getenv("ALMAGEST_TESTDATA");
  return data ? fs::path(data) : fs::path(ALMAGEST_SOURCE_DIR) / "../shared/data";
}

}  // namespace

TEST_CASE("defects: what is written as regions is read back") {
  toy::Directory directory;
  Defects const defects{{{0, 0, 17, 4176}, {996, 0, 56, 24}, {-3, 7, 1, 1}, {5, 5, 2, 3}}};
  fs::path const path = directory.path() / "defects.fits";
  defects_formatter()->write(AnyProduct::make(defects), path, {{{"ccd", std::int64_t{1}}}, {}});
  CHECK(read(path).boxes == defects.boxes);
  fs::path const none = directory.path() / "none.fits";
  defects_formatter()->write(AnyProduct::make(Defects{}), none, {{}, {}});
  CHECK(read(none).boxes.empty());
}

TEST_CASE("defects: text tables of several detectors and dates") {
  toy::Directory directory;
  fs::path const path = directory.path() / "defects.csv";
  toy::write_file(path,
                  "# comment\ndetector_name,detector_id,valid_from,x0,y0,width,height\n"
                  "a,1,19700101,1,1,1,1\na,1,20130131,2,2,2,2\na,1,20130131,3,3,3,3\n"
                  "b,2,19700101,4,4,4,4\n");
  auto const of = [&](int detector, std::string const& date) {
    return read(path, {{"detector", std::int64_t{detector}}, {"valid_on", date}}).boxes;
  };
  CHECK(of(1, "2013-01-30") == std::vector{Box{1, 1, 1, 1}});
  CHECK(of(1, "2013-01-31") == std::vector{Box{2, 2, 2, 2}, Box{3, 3, 3, 3}});
  CHECK(of(2, "2020-01-01") == std::vector{Box{4, 4, 4, 4}});
  CHECK(of(3, "2020-01-01").empty());
  CHECK(read(path, {{"detector", std::int64_t{2}}}).boxes.size() == 1);  // of one date only
  CHECK_THROWS_AS(read(path, {{"detector", std::int64_t{1}}}), DataError);
  CHECK_THROWS_AS(read(path), DataError);
}

TEST_CASE("defects: what is no table of defects is refused with its place") {
  toy::Directory directory;
  auto const complaint = [&](std::string const& text) {
    fs::path const path = directory.path() / "bad.csv";
    toy::write_file(path, text);
    std::string const message = toy::message<DataError>([&] { read(path); });
    CHECK(toy::contains(message, path.string()));
    return message;
  };
  CHECK(toy::contains(complaint(""), "no line with the columns' names"));
  CHECK(toy::contains(complaint("x0,y0,width\n1,2,3\n"), "has no column 'height'"));
  CHECK(toy::contains(complaint("x0,y0,width,height\n1,2,3\n"), ":2: 3 values, but 4 columns"));
  CHECK(toy::contains(complaint("x0,y0,width,height\n1,2,x,4\n"), "'x' in column 'width'"));
  CHECK(toy::contains(complaint("x0,y0,width,height\n1,2,0,4\n"), "a box of 0 x 4"));
  CHECK(toy::contains(complaint("x0,y0,width,height\n1e300,2,1,4\n"), "no pixel of a detector"));
  CHECK(toy::contains(complaint("x0,y0,width,height\nnan,2,1,4\n"), "no pixel of a detector"));
  CHECK(toy::contains(complaint("x0,x0,width,height\n1,2,3,4\n"), "is there twice"));
  CHECK_THROWS_AS(read(directory.path() / "absent.csv"), NotFoundError);
}

TEST_CASE("defects: real files of both kinds") {
  fs::path const root = test_data();
  if (!fs::exists(root / "hsc/calib")) {
    REQUIRE_MESSAGE(std::getenv("CI") == nullptr, "no test data at " << root);
    MESSAGE("skipped: no test data at " << root);
    return;
  }
  // The same detector and date in two forms, made by others: ccd 10 of HSC.
  auto boxes =
      read(root / "hsc/calib/defects_10_HSC_HSC_calib_curated_2013-01-31T00:00:00.fits").boxes;
  auto merged = read(root / "hsc/calib/hsc_defects.csv",
                     {{"detector", std::int64_t{10}}, {"valid_on", "2013-01-31"}})
                    .boxes;
  REQUIRE(boxes.size() == 8);
  CHECK(boxes[0] == Box{0, 0, 17, 4176});
  CHECK(boxes[1] == Box{996, 0, 56, 24});
  // Pixel by pixel: overlapping boxes may be cut differently.
  auto const covered = [](std::vector<Box> const& list) {
    std::vector<bool> bad(2048 * 4176);
    for (Box const& box : list)
      for (int y = box.y0; y <= box.y1(); ++y)
        for (int x = box.x0; x <= box.x1(); ++x) bad[static_cast<std::size_t>(y * 2048 + x)] = true;
    return std::ranges::count(bad, true);
  };
  auto both = boxes;
  both.insert(both.end(), merged.begin(), merged.end());
  CHECK(covered(boxes) == covered(merged));
  CHECK(covered(both) == covered(merged));
  CHECK(read(root / "lsst/pixels/obs_test_defects.fits").boxes.size() == 504);
  CHECK(read(root / "lsst/pixels/obs_test_defects.fits").boxes[0] == Box{151, 5, 1, 1});
  CHECK(read(root / "lsst/calib/manual_defects/r22_s11/19700101T000000.ecsv").boxes.empty());
}

#include "flat_levels.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "almagest/error.hpp"
#include "almagest/task_harness.hpp"

using namespace almagest;
using calibs::FlatLevelTable;

namespace {

DataId frame_id(std::int64_t visit, std::int64_t detector) {
  return {{"visit", visit}, {"detector", detector}};
}

Exposure flat(double level) {
  Exposure exposure{MaskedImage(Box{0, 0, 4, 4})};
  exposure.metadata.set("CALLEVEL", level);
  return exposure;
}

/// A file that is gone afterwards.
struct File {
  std::filesystem::path path;
  explicit File(std::string const& name) : path(std::filesystem::temp_directory_path() / name) {
    std::filesystem::remove(path);
  }
  ~File() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  File(File const&) = delete;
  File& operator=(File const&) = delete;
};

}  // namespace

TEST_CASE("flat levels: exposures are of one scale over detectors of unequal answer") {
  TaskHarness harness(std::make_unique<calibs::FlatLevels>());
  for (std::int64_t const visit : {1, 2, 3})
    for (std::int64_t const detector : {0, 1})
      harness.give_member("exposure", frame_id(visit, detector),
                          flat(1000.0 * double(visit) * (detector == 0 ? 0.8 : 1.2)));
  harness.give_missing_member("exposure", frame_id(4, 0), QuantumState::failed, "shutter");
  CHECK_FALSE(harness.run().skipped());
  auto const& table = harness.result<FlatLevelTable>("flat_levels");
  REQUIRE(table.rows.size() == 6);
  auto const* const row = table.find(frame_id(3, 1));
  REQUIRE(row);
  CHECK(row->level == 3600.0);
  CHECK(row->exposure == doctest::Approx(3000.0));
  CHECK(row->detector == doctest::Approx(1.2));
  CHECK(table.find(frame_id(4, 0)) == nullptr);
  CHECK(harness.metric("detectors") == 2);
  CHECK(harness.metric("exposures") == 3);
  CHECK(harness.log_lines().front() ==
        "warning: 1 frame of 7 left out; the first is visit=4 detector=0: failed (shutter)");
}

TEST_CASE("flat levels: a frame whose level nobody measured is named") {
  TaskHarness harness(std::make_unique<calibs::FlatLevels>());
  harness.give_member("exposure", frame_id(7, 0), Exposure{MaskedImage(Box{0, 0, 4, 4})});
  CHECK_THROWS_WITH_AS(harness.run(),
                       "visit=7 detector=0: no card CALLEVEL: put calibs/measure_level before the "
                       "frames are stored",
                       DataError);
}

TEST_CASE("flat levels: the table comes back from its file to the last bit") {
  FlatLevelTable const table{{{"visit=1 ccd=3", 1234.5678901234567, 1.0 / 3.0, 1e-300},
                              {"visit=2 ccd=3", 5.0, 2e20, 1.0}}};
  auto const formatter = calibs::flat_level_formatter();
  File const file("almagest_flat_levels_test.csv");
  formatter->write(AnyProduct::make(table), file.path, {});
  CHECK(formatter->read(file.path, {}).get<FlatLevelTable>().rows == table.rows);
}

TEST_CASE("flat levels: a damaged table is refused, with the line") {
  auto const formatter = calibs::flat_level_formatter();
  File const file("almagest_flat_levels_damaged_test.csv");
  CHECK_THROWS_AS(formatter->read(file.path, {}), NotFoundError);
  for (std::string const line : {"a,1,2", "a,1,2,3,4", "a,1,two,3", "a,1,2,3x", ""}) {
    std::ofstream(file.path) << "id,level,exposure,detector\n" << line << '\n';
    CAPTURE(line);
    CHECK_THROWS_WITH_AS(formatter->read(file.path, {}), doctest::Contains(".csv:2: "), DataError);
  }
  std::ofstream(file.path) << "something\n";
  CHECK_THROWS_WITH_AS(formatter->read(file.path, {}), doctest::Contains(".csv:1: "), DataError);
}

#include "repository/ingest_calibs.hpp"

#include <doctest/doctest.h>

#include "almagest/calibrations.hpp"
#include "almagest/exposure.hpp"
#include "foo_camera.hpp"
#include "repository/calendar.hpp"
#include "repository/calibration_cards.hpp"

using namespace almagest;
using foo::Raw;
using foo::World;
namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;
using Cards = std::vector<std::pair<std::string, Value>>;

/// A calibration frame: an Exposure of one value, as a rerun stores it.
void write_frame(fs::path const& path, DataId const& id, Cards const& cards, float value) {
  fs::create_directories(path.parent_path());
  fs::remove(path);
  PluginRegistry plugins;
  plugins.add("almagest", [](Registrar& registrar) { register_standard_products(registrar, {}); });
  Exposure exposure(MaskedImage(Box{0, 0, 20, 10}));
  for (float& pixel : exposure.image().row(0)) pixel = value;
  for (auto const& [name, card] : cards) exposure.metadata.set(name, card);
  plugins.formatter(ProductTraits<Exposure>::id)->write(AnyProduct::make(exposure), path, {id, {}});
}

DataId of_ccd(int ccd) {
  return DataId{{"ccd", std::int64_t{ccd}}};
}

struct Calibrated : World {
  Calibrated() {
    int visit = 1;
    for (char const* date : {"2013-06-01T01:00:00", "2013-06-30T23:00:00", "2013-07-01T00:00:00"})
      for (int ccd : {1, 2}) {
        fs::path const raw = file("raw" + std::to_string(visit) + "-" + std::to_string(ccd));
        Raw{.visit = visit, .ccd = ccd, .date = date}.write(raw);
        ingest({raw});
        visit += ccd == 2;
      }
  }
  IngestSummary calibs(CalibrationIngestRequest request) {
    request.repository = root;
    log = {};
    return ingest_calibrations(request, plugins, log);
  }
  /// The value of a calibration frame's pixels for an exposure.
  float value(std::string const& type, int visit, int ccd = 1,
              fs::path const& calibrations = {}) const {
    auto const repository = open(calibrations);
    AnyProduct const product = repository->stored("")->load(
        type, std::string(ProductTraits<Exposure>::id),
        DataId{{"visit", std::int64_t{visit}}, {"ccd", std::int64_t{ccd}}}, std::nullopt);
    return product.get<Exposure>().image().row(0)[0];
  }
  std::string complaint(std::string const& type, int visit) const {
    return toy::message<DataError>([&] { value(type, visit); });
  }
};

}  // namespace

TEST_CASE("calendar: dates of times, and days between") {
  // MJD 57305 is 2015-10-10 (ERFA's own calendar); TAI is 36 s ahead of UTC then.
  CHECK(utc_date(57305.0) == "2015-10-09");
  CHECK(utc_date(57305.0 + 36.0 / 86400.0) == "2015-10-10");
  CHECK(date_in("2013-01-31T00:00:00") == "2013-01-31");
  CHECK(date_in("20130131") == "2013-01-31");
  CHECK(date_in("2013-02-30").empty());
  CHECK(date_in("soon").empty());
  CHECK(days_later("2016-02-28", 2) == "2016-03-01");
  CHECK(days_later("2013-01-01", -1) == "2012-12-31");
  CHECK(days_later("9999-12-30", 100) == last_date);
  CHECK_THROWS_AS(utc_date(std::nan("")), DataError);
}

TEST_CASE("calibrations: each exposure gets the one that holds on its day") {
  Calibrated world;
  write_frame(world.file("bias/june-1.fits"), of_ccd(1),
              {{"CALIBDAT", "2013-06-15"}, {"VALIDBEG", "2013-06-01"}, {"VALIDEND", "2013-06-30"}},
              6);
  write_frame(world.file("bias/july-1.fits"), of_ccd(1),
              {{"CALIBDAT", "2013-07-15"}, {"VALIDBEG", "2013-07-01"}, {"VALIDEND", "2013-07-31"}},
              7);
  IngestSummary const summary = world.calibs({.files = {world.file("bias")}});
  CHECK(world.log.warnings == Strings{});
  CHECK(summary.ingested == 2);
  CHECK(fs::is_regular_file(world.root / "CALIB/bias/2013-06-15/bias-2013-06-15-1.fits"));
  CHECK(world.rows("SELECT type, keys, calibDate, validStart, validEnd, path FROM calib ORDER BY "
                   "validStart")[0] ==
        "bias|{\"ccd\":1}|2013-06-15|2013-06-01|2013-06-30|"
        "CALIB/bias/2013-06-15/bias-2013-06-15-1.fits");
  // Both ends count.
  CHECK(world.value("bias", 1) == 6.0F);
  CHECK(world.value("bias", 2) == 6.0F);
  CHECK(world.value("bias", 3) == 7.0F);
  CHECK(world.calibs({.files = {world.file("bias")}}).known == 2);

  std::string const missing = toy::message<NotFoundError>([&] { world.value("bias", 1, 2); });
  CHECK(missing ==
        "no 'bias' for detector=2 valid on 2013-06-01; known: ccd=1 "
        "2013-06-01..2013-06-30 (" +
            (world.root / "CALIB/bias/2013-06-15/bias-2013-06-15-1.fits").string() +
            "), ccd=1 2013-07-01..2013-07-31 (" +
            (world.root / "CALIB/bias/2013-07-15/bias-2013-07-15-1.fits").string() + ")");
  auto const repository = world.open();
  auto const stored = repository->stored("");
  auto const unit = stored->unit(DataId{{"visit", std::int64_t{1}}, {"ccd", std::int64_t{2}}});
  CHECK_FALSE(unit->exists("bias"));
}

TEST_CASE("calibrations: what overlaps is refused with both, also in one call") {
  Calibrated world;
  auto const options = [&](std::string const& name, int days) {
    return CalibrationIngestRequest{.files = {world.file(name)}, .validity_days = days};
  };
  write_frame(world.file("flat/a.fits"), {{"ccd", std::int64_t{1}}, {"filter", "r"}},
              {{"CALIBDAT", "2013-06-15"}}, 2);
  write_frame(world.file("flat/b.fits"), {{"ccd", std::int64_t{1}}, {"filter", "r"}},
              {{"CALIBDAT", "2013-06-25"}}, 3);
  write_frame(world.file("flat/c.fits"), {{"ccd", std::int64_t{1}}, {"filter", "g"}},
              {{"CALIBDAT", "2013-06-25"}}, 4);
  CHECK(world.calibs(options("flat", 16)).ingested == 2);
  std::string const a = fs::canonical(world.file("flat/a.fits")).string();
  CHECK(world.log.warnings ==
        Strings{fs::canonical(world.file("flat/b.fits")).string() + ": it overlaps " +
                (world.root / "CALIB/flat/2013-06-15/flat-2013-06-15-r-1.fits").string() +
                " (flat filter=r ccd=1 2013-05-30..2013-07-01, from " + a + ")"});
  CHECK(world.value("flat", 1) == 2.0F);  // of its own filter
  // Rows that somebody else has made are not chosen from by chance.
  {
    SQLite::Database database((world.root / "registry.sqlite3").string(), SQLite::OPEN_READWRITE);
    database.exec(
        "INSERT INTO calib (type, keys, calibDate, validStart, validEnd, path, source, mode, size, "
        "modified_ns, checksum) SELECT type, keys, calibDate, '2013-06-02', '2013-06-03', path, "
        "source, mode, size, modified_ns, checksum FROM calib WHERE validEnd = '2013-07-01'");
    database.exec("UPDATE calib SET validStart = '2013-05-31' WHERE validStart = '2013-06-02'");
  }
  CHECK(toy::contains(world.complaint("flat", 1),
                      "two 'flat' are valid for band=r detector=1 on "
                      "2013-06-01"));
}

TEST_CASE("calibrations: what a file does not say must be given") {
  Calibrated world;
  write_frame(world.file("x/plain.fits"), {}, {}, 1);
  auto const reason = [&](CalibrationIngestRequest request) {
    request.files = {world.file("x/plain.fits")};
    CHECK(world.calibs(request).quarantined == 1);
    return world.log.warnings.at(0);
  };
  CHECK(toy::contains(reason({}), "give --type, one of bf_kernel, bias, crosstalk, dark"));
  CHECK(toy::contains(reason({.type = "bias"}), "it does not tell 'ccd': give --keys ccd=VALUE"));
  CHECK(toy::contains(reason({.type = "bias", .keys = {{"ccd", "1"}}}), "give --validity DAYS"));
  CHECK(toy::contains(reason({.type = "bias", .keys = {{"ccd", "one"}}}), "wants an integer"));
  CHECK(toy::contains(reason({.type = "bias", .keys = {{"detector", "1"}}, .validity_days = 3}),
                      "--calib-date"));
  CHECK_THROWS_AS(world.calibs({.type = "raw"}), ConfigError);
  CHECK_THROWS_AS(world.calibs({.valid_from = "June"}), ConfigError);
  CHECK(world
            .calibs({.files = {world.file("x/plain.fits")},
                     .mode = IngestMode::link,
                     .type = "bias",
                     .keys = {{"ccd", "all"}},
                     .valid_from = "2013-06-01"})
            .ingested == 1);
  CHECK(world.value("bias", 1, 1) == 1.0F);
  CHECK(world.value("bias", 3, 2) == 1.0F);
  CHECK(world.rows("SELECT count(*) FROM quarantine") == Strings{"0"});
}

TEST_CASE("calibrations: a range without an end lasts until the next one begins") {
  Calibrated world;
  toy::write_file(world.file("defects/from_may.csv"),
                  "valid_from,x0,y0,width,height\n20130501,1,2,3,4\n20130701,5,6,7,8\n");
  CHECK(world.calibs({.files = {world.file("defects")}, .keys = {{"ccd", "1"}}}).ingested == 1);
  auto const boxes = [&](int visit) {
    auto const repository = world.open();
    return repository->stored("")
        ->load("defects", std::string(ProductTraits<Defects>::id),
               DataId{{"visit", std::int64_t{visit}}, {"ccd", std::int64_t{1}}}, std::nullopt)
        .get<Defects>()
        .boxes;
  };
  CHECK(boxes(2) == std::vector{Box{1, 2, 3, 4}});
  CHECK(boxes(3) == std::vector{Box{5, 6, 7, 8}});
}

TEST_CASE("calibrations: a Gen2 calibration repository is read as it is") {
  Calibrated world;
  fs::path const gen2 = world.directory.path() / "calib/20170105";
  toy::write_file(world.directory.path() / "obs/obs_foo/datasets.toml", R"(
[dataset.bias]
keys = ["ccd"]
path = "BIAS/{calibDate}/NONE/BIAS-{calibDate}-{ccd:03}.fits"
[dataset.flat]
keys = ["filter", "ccd"]
path = "FLAT/{calibDate}/{filter}/FLAT-{calibDate}-{filter}-{ccd:03}.fits"
)");
  write_frame(gen2 / "BIAS/2013-06-10/NONE/BIAS-2013-06-10-001.fits", {}, {}, 10);
  write_frame(gen2 / "FLAT/2013-06-11/r/FLAT-2013-06-11-r-001.fits", {}, {}, 11);
  {
    SQLite::Database database((gen2 / "calibRegistry.sqlite3").string(),
                              SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    for (char const* type : {"bias", "flat"})
      database.exec(std::string("CREATE TABLE ") + type +
                    " (id INTEGER PRIMARY KEY AUTOINCREMENT, filter TEXT, ccd INT, calibDate TEXT, "
                    "validStart TEXT, validEnd TEXT)");
    database.exec(
        "INSERT INTO bias VALUES (1, 'NONE', 1, '2013-06-10', '2013-01-01', '2013-06-30')");
    database.exec(
        "INSERT INTO flat VALUES (1, 'r', 1, '2013-06-11', '2013-01-01', '2013-06-30'), "
        "(2, 'g', 1, '2013-06-11', '2013-01-01', '2013-12-31')");
  }
  CHECK(world.value("bias", 1, 1, gen2) == 10.0F);  // --calib
  CHECK(world.value("flat", 2, 1, gen2) == 11.0F);
  fs::create_directory_symlink(gen2, world.root / "CALIB");
  CHECK(world.value("bias", 1) == 10.0F);
  CHECK(world.complaint("flat", 3) ==
        "no 'flat' for filter=r ccd=1 valid on 2013-07-01; known: filter=r ccd=1 "
        "2013-01-01..2013-06-30 (" +
            (gen2 / "FLAT/2013-06-11/r/FLAT-2013-06-11-r-001.fits").string() +
            "), filter=g ccd=1 2013-01-01..2013-12-31 (" +
            (gen2 / "FLAT/2013-06-11/g/FLAT-2013-06-11-g-001.fits").string() + ")");
  // It is only read; what stays where it is can be entered beside it.
  write_frame(world.file("flat/july.fits"), {{"ccd", std::int64_t{1}}, {"filter", "r"}},
              {{"VALIDBEG", "2013-07-01"}, {"VALIDEND", "2013-07-31"}}, 12);
  CHECK_THROWS_AS(world.calibs({.files = {world.file("flat")}}), ConfigError);
  CHECK(world.calibs({.files = {world.file("flat")}, .mode = IngestMode::direct}).ingested == 1);
  CHECK(world.value("flat", 3) == 12.0F);
  CHECK(toy::contains(world.complaint("bias", 3), "no 'bias' for ccd=1 valid on 2013-07-01"));
}

TEST_CASE("calibrations: the CALIB of another repository can be used") {
  Calibrated ours, theirs;
  write_frame(theirs.file("dark/1.fits"), of_ccd(1),
              {{"VALIDBEG", "2013-06-01"}, {"VALIDEND", "2013-06-30"}}, 5);
  CHECK(theirs.calibs({.files = {theirs.file("dark")}}).ingested == 1);
  ::setenv("ALMAGEST_OBS_PATH", (ours.directory.path() / "obs").c_str(), 1);
  CHECK(ours.value("dark", 1, 1, theirs.root / "CALIB") == 5.0F);
  CHECK(ours.value("dark", 1, 1, theirs.root) == 5.0F);
  fs::create_directory_symlink(theirs.root / "CALIB", ours.root / "CALIB");
  CHECK(ours.value("dark", 1) == 5.0F);
}

TEST_CASE("calibrations: real files tell what they are") {
  char const* data = std::getenv("ALMAGEST_TESTDATA");
  fs::path const root = data ? fs::path(data) : fs::path(ALMAGEST_SOURCE_DIR) / "../shared/data";
  if (!fs::exists(root / "lsst/calib")) {
    REQUIRE_MESSAGE(std::getenv("CI") == nullptr, "no test data at " << root);
    MESSAGE("skipped: no test data at " << root);
    return;
  }
  CalibrationCards const flat =
      read_calibration_cards(root /
                             "lsst/calib/imsim-flat_i_sim_1.4-R11-S20-det042_2022-08-06.fits")
          .at(0);
  CHECK(flat.type == "flat");
  CHECK(flat.calib_date == "2022-08-06");
  CHECK(*flat.keys.find("detector") == Value(std::int64_t{42}));
  CHECK(*flat.keys.find("filter") == Value("i_sim_1.4"));
  CalibrationCards const ecsv =
      read_calibration_cards(root / "lsst/calib/manual_defects/r22_s11/19700101T000000.ecsv").at(0);
  CHECK(ecsv.type == "defects");
  CHECK(ecsv.calib_date == "1970-01-01");
  CHECK(*ecsv.keys.find("detector") == Value(std::int64_t{94}));
  CalibrationCards const regions =
      read_calibration_cards(root / "lsst/pixels/obs_test_defects.fits").at(0);
  CHECK(regions.type == "defects");
  CHECK(*regions.keys.find("detector") == Value(std::int64_t{0}));
  // Detector 0_00 of the merged table: 20130131 is one of its dates.
  auto const merged = read_calibration_cards(root / "hsc/calib/hsc_defects.csv");
  CHECK(merged.size() > 112);
  CHECK(std::ranges::count_if(merged, [](CalibrationCards const& cards) {
          return *cards.keys.find("detector") == Value(std::int64_t{73}) &&
                 cards.valid_start == "2013-01-31";
        }) == 1);
}

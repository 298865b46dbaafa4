#include "repository/ingest.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "foo_camera.hpp"

using namespace almagest;
using foo::Raw;
using foo::World;
namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;

std::string const first_place = "M31/2015-10-10/r/FOO-0000001-001.fits";

}  // namespace

TEST_CASE("ingest: links stand where the template says, rows follow, and all can be selected by") {
  World world;
  Raw{}.write(world.file("night/a.fits"));
  Raw{.visit = 1, .ccd = 2, .filter = "g"}.write(world.file("night/deep/b.fits"));
  toy::write_file(world.file("night/readme.txt"), "no frame");
  toy::write_file(world.file("night/.c.fits.1.0.tmp"), "half a frame");
  IngestSummary const summary = world.ingest({world.file("night")});
  CHECK(summary.ingested == 2);
  CHECK(summary.quarantined == 0);
  fs::path const source = fs::canonical(world.file("night/a.fits"));
  CHECK(fs::read_symlink(world.root / first_place) == source);
  CHECK(world.log.all.back() ==
        fs::canonical(world.file("night/deep/b.fits")).string() + " --<link>--> " +
            (world.root / "M31/2015-10-10/g/FOO-0000001-002.fits").string());
  CHECK(world.rows("SELECT * FROM raw ORDER BY id") ==
        Strings{"1|M31|1|1|r|30.0", "2|M31|1|2|g|30.0"});
  CHECK(world.rows("SELECT * FROM raw_visit") == Strings{"1|M31|r"});
  CHECK(world.rows("SELECT path, source, mode, observation_type, exposure_time FROM raw_file "
                   "WHERE id = 1") ==
        Strings{first_place + "|" + source.string() + "|link|science|30.0"});

  auto const repository = world.open();
  Expression const where =
      Expression::parse("observation_type == 'science' and begin > 57305.2 and mode == 'link'", {});
  CHECK(repository->select("raw", toy::everything, {&where}).size() == 2);
  auto const green = repository->select("raw", toy::selection({{"filter=g"}}), {});
  REQUIRE(green.size() == 1);
  CHECK(green[0].id == DataId{{"visit", std::int64_t{1}}, {"ccd", std::int64_t{2}}});
  CHECK(repository->stored("")->unit(green[0].id)->exists("raw"));
}

TEST_CASE("ingest: the same file is known again, another one for its data ID is refused") {
  World world;
  Raw{}.write(world.file("a.fits"));
  CHECK(world.ingest({world.file("a.fits")}).ingested == 1);
  CHECK(world.ingest({world.file("a.fits"), world.file("a.fits")}).known == 1);  // given twice
  fs::copy_file(world.file("a.fits"), world.file("copy.fits"));
  CHECK(world.ingest({world.file("copy.fits")}).known == 1);
  Raw{.note = "another"}.write(world.file("b.fits"));
  Raw{.visit = 2}.write(world.file("c.fits"));
  IngestSummary const summary = world.ingest({world.file("b.fits"), world.file("c.fits")});
  CHECK(summary.ingested == 1);
  CHECK(summary.quarantined == 1);
  std::string const a = fs::canonical(world.file("a.fits")).string(),
                    b = fs::canonical(world.file("b.fits")).string();
  std::string const reason = "visit=1 ccd=1 is in already: " + (world.root / first_place).string() +
                             " (from " + a + "); this is another file";
  CHECK(world.log.warnings == Strings{b + ": " + reason});
  CHECK(world.rows("SELECT source, reason FROM quarantine") == Strings{b + "|" + reason});
  CHECK(world.rows("SELECT visit FROM raw ORDER BY id") == Strings{"1", "2"});

  // In one call, too; and pixels count where headers are the same.
  World other;
  fs::create_directories(other.file(""));
  fs::copy_file(world.file("a.fits"), other.file("a.fits"));
  toy::write_file(other.file("b.fits"), toy::read_file(world.file("a.fits")));
  fs::resize_file(other.file("b.fits"), fs::file_size(other.file("b.fits")) + 2880);
  CHECK(other.ingest({other.file("a.fits"), other.file("b.fits")}).quarantined == 1);
}

TEST_CASE("ingest: what cannot be taken is quarantined with its reason, and the rest goes in") {
  World world;
  Raw{}.write(world.file("good.fits"));
  toy::write_file(world.file("text.fits"), "no FITS file at all");
  toy::write_file(world.file("empty.fits"), "");
  Raw{.visit = 3, .field = "../../evil"}.write(world.file("evil.fits"));
  Raw{.visit = 4, .field = "rerun"}.write(world.file("reserved.fits"));
  Raw{.visit = 5, .field = "-rf"}.write(world.file("option.fits"));
  Raw{.visit = 6, .date = "tomorrow"}.write(world.file("date.fits"));
  fs::copy_file(world.file("good.fits"), world.file("line\nbreak.fits"));
  fs::resize_file(world.file("line\nbreak.fits"), 1000);
  IngestSummary const summary =
      world.ingest({world.file(""), world.file("nothing.fits"), world.file("good.fits")});
  CHECK(summary.ingested == 1);
  CHECK(summary.quarantined == 8);
  auto const reasons = world.rows("SELECT reason FROM quarantine ORDER BY source");
  REQUIRE(reasons.size() == 8);
  auto const has = [&](std::string const& part) {
    return std::ranges::any_of(reasons, [&](auto const& r) { return toy::contains(r, part); });
  };
  CHECK(has("it contains '/'"));
  CHECK(has("where no raw frame may be"));
  CHECK(has("it begins with '-'"));
  CHECK(has("no such file"));
  CHECK(has("DATE-OBS"));
  for (std::string const& line : world.log.warnings) CHECK(!toy::contains(line, "\n"));
  CHECK(fs::exists(world.root / first_place));
  // Mended, it is no longer in quarantine.
  Raw{.visit = 6}.write(world.file("date.fits"));
  CHECK(world.ingest({world.file("date.fits")}).ingested == 1);
  CHECK(world.rows("SELECT count(*) FROM quarantine") == Strings{"7"});
}

TEST_CASE("ingest: modes copy, move and direct") {
  World world;
  for (int visit = 1; visit <= 3; ++visit)
    Raw{.visit = visit}.write(world.file(std::to_string(visit) + ".fits"));
  auto const place = [&](int visit) {
    return world.root / ("M31/2015-10-10/r/FOO-000000" + std::to_string(visit) + "-001.fits");
  };
  std::string const bytes = toy::read_file(world.file("1.fits"));
  CHECK(world.ingest({world.file("1.fits")}, IngestMode::copy).ingested == 1);
  CHECK_FALSE(fs::is_symlink(place(1)));
  CHECK(toy::read_file(place(1)) == bytes);
  CHECK(fs::exists(world.file("1.fits")));

  fs::path const second = fs::canonical(world.file("2.fits"));
  CHECK(world.ingest({second}, IngestMode::move).ingested == 1);
  CHECK_FALSE(fs::exists(second));
  CHECK(fs::is_regular_file(fs::symlink_status(place(2))));
  CHECK(world.ingest({second}, IngestMode::move).known == 1);  // the same command again

  fs::path const third = fs::canonical(world.file("3.fits"));
  CHECK(world.ingest({third}, IngestMode::direct).ingested == 1);
  CHECK_FALSE(fs::exists(place(3)));
  CHECK(world.rows("SELECT path FROM raw_file WHERE mode = 'direct'") == Strings{third.string()});
  auto const repository = world.open();
  for (UnitCandidate const& frame : repository->select("raw", toy::everything, {}))
    CHECK(repository->stored("")->unit(frame.id)->exists("raw"));
}

TEST_CASE("ingest: what a killed process has left is taken up") {
  World world;
  for (int visit = 1; visit <= 3; ++visit)
    Raw{.visit = visit}.write(world.file(std::to_string(visit) + ".fits"));
  CHECK(world.ingest({}).ingested == 0);
  auto const place = [&](int visit) {
    return world.root / ("M31/2015-10-10/r/FOO-000000" + std::to_string(visit) + "-001.fits");
  };
  fs::create_directories(place(1).parent_path());
  // A link without a row; one to nowhere; a file to be moved that has both names and no row.
  fs::create_symlink(fs::canonical(world.file("1.fits")), place(1));
  fs::create_symlink(world.file("gone.fits"), place(2));
  CHECK(world.ingest({world.file("1.fits"), world.file("2.fits")}).ingested == 2);
  CHECK(fs::equivalent(place(2), world.file("2.fits")));
  fs::create_hard_link(world.file("3.fits"), place(3));
  CHECK(world.ingest({world.file("3.fits")}, IngestMode::move).ingested == 1);
  CHECK_FALSE(fs::exists(world.file("3.fits")));
  // And one that was killed before its last step.
  fs::create_hard_link(place(3), world.file("3.fits"));
  CHECK(world.ingest({world.file("3.fits")}, IngestMode::move).known == 1);
  CHECK_FALSE(fs::exists(world.file("3.fits")));
  // A link that somebody has broken since.
  fs::remove(place(1));
  CHECK(world.ingest({world.file("1.fits")}).ingested == 1);
  CHECK(fs::exists(place(1)));
  CHECK(world.rows("SELECT count(*) FROM raw") == Strings{"3"});
}

TEST_CASE("ingest: a move never removes the file itself") {
  World world;
  Raw{}.write(world.file("a.fits"));
  CHECK(world.ingest({world.file("a.fits")}).ingested == 1);
  CHECK(world.ingest({world.file("a.fits")}, IngestMode::move).known == 1);  // is a link's target
  CHECK(fs::exists(world.root / first_place));
  CHECK(world.ingest({world.root / first_place}, IngestMode::move).known == 1);
  CHECK(fs::exists(world.root / first_place));
  World other;
  Raw{}.write(other.root / first_place);  // stands in its place already
  toy::write_file(other.root / "almagest.toml", "instrument = \"fooCam\"\n");
  toy::fs::remove(other.root / "registry.sqlite3");
  Registry::create(other.root / "registry.sqlite3", nullptr);
  CHECK(other.ingest({other.root / "M31"}, IngestMode::move).ingested == 1);
  CHECK(fs::exists(other.root / first_place));
}

TEST_CASE("ingest: several at once share the work and agree") {
  World world;
  std::vector<fs::path> files;
  for (int visit = 1; visit <= 40; ++visit) {
    files.push_back(world.file(std::to_string(visit) + ".fits"));
    Raw{.visit = visit}.write(files.back());
  }
  std::atomic<std::size_t> ingested{0}, known{0}, quarantined{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        foo::Lines log;
        IngestRequest request{world.root, "fooCam", files, IngestMode::link, 1, {}};
        IngestSummary const summary = ingest_raws(request, world.plugins, log);
        ingested += summary.ingested;
        known += summary.known;
        quarantined += summary.quarantined;
      });
  }
  CHECK(ingested == 40);
  CHECK(known == 7 * 40);
  CHECK(quarantined == 0);
  CHECK(world.rows("SELECT count(*), count(DISTINCT visit) FROM raw JOIN raw_file USING (id)") ==
        Strings{"40|40"});
}

TEST_CASE("ingest: into a Gen2 directory without a registry, and one that has rows of its own") {
  World world;
  toy::write_file(world.root / "_mapper", "foo.Mapper\n");
  Raw{}.write(world.file("a.fits"));
  CHECK(world.ingest({world.file("a.fits")}).ingested == 1);
  CHECK(world.rows("SELECT * FROM raw") == Strings{"1|M31|1|1|r|30.0"});
  CHECK(world.rows("SELECT type FROM pragma_table_info('raw') WHERE name IN ('id', 'visit')") ==
        Strings{"INTEGER", "INT"});
  CHECK(world.open()->select("raw", toy::everything, {}).size() == 1);
  // A row of LSST's middleware, whose file stands in its place.
  {
    SQLite::Database database((world.root / "registry.sqlite3").string(), SQLite::OPEN_READWRITE);
    database.exec("INSERT INTO raw (field, visit, ccd, filter) VALUES ('M31', 2, 1, 'r')");
  }
  Raw{.visit = 2}.write(world.file("b.fits"));
  fs::create_symlink(world.file("b.fits"), world.root / "M31/2015-10-10/r/FOO-0000002-001.fits");
  CHECK(world.ingest({world.file("b.fits")}).ingested == 1);
  CHECK(world.rows("SELECT count(*) FROM raw") == Strings{"2"});
  CHECK(world.rows("SELECT count(*) FROM raw_file") == Strings{"2"});
}

TEST_CASE("ingest: where raw frames cannot go") {
  World world;
  auto const complaint = [&](fs::path const& root, std::string const& instrument) {
    return toy::message<ConfigError>([&] {
      ingest_raws({root, instrument, {}, IngestMode::link, 1, {}}, world.plugins, world.log);
    });
  };
  CHECK(toy::contains(complaint(world.root, ""), "with --instrument NAME one is made"));
  CHECK(toy::contains(complaint(world.root, "fooKam"), "did you mean 'fooCam'?"));
  toy::write_file(world.file("x"), "");
  CHECK(toy::contains(complaint(world.file(""), "fooCam"), "not an empty directory"));
  world.ingest({});
  CHECK(toy::contains(complaint(world.root, "toy"), "is a repository of fooCam"));
  toy::write_file(world.file("child/almagest.toml"),
                  "instrument = \"fooCam\"\nparent = \"../../data\"\n");
  CHECK(toy::contains(complaint(world.file("child"), ""), "raw frames belong there"));
  CHECK(ingest_mode("move") == IngestMode::move);
  CHECK_THROWS_AS(ingest_mode("steal"), ConfigError);
}

TEST_CASE("ingest: a registry of version 1 gets the tables that it lacks") {
  World world;
  world.ingest({});
  {
    SQLite::Database database((world.root / "registry.sqlite3").string(), SQLite::OPEN_READWRITE);
    database.exec(
        "DROP TABLE raw_file; DROP TABLE raw_visit; DROP TABLE calib; DROP TABLE quarantine;"
        "DROP TABLE raw; CREATE TABLE raw (id INTEGER PRIMARY KEY, visit INTEGER NOT NULL, ccd "
        "INTEGER NOT NULL, UNIQUE (visit, ccd)) STRICT; PRAGMA user_version = 1");
  }
  CHECK(world.open()->select("raw", toy::everything, {}).empty());
  Raw{}.write(world.file("a.fits"));
  CHECK(world.ingest({world.file("a.fits")}).ingested == 1);
  CHECK(world.rows("SELECT visit, ccd, field FROM raw") == Strings{"1|1|M31"});
  CHECK(world.rows("PRAGMA user_version") == Strings{"2"});
}

TEST_CASE("ingest: the tutorial's HSC frame gives the tutorial's rows") {
  // tutorials.md T2, a row of a real registry; the header is made from it.
  World world;
  ::setenv("ALMAGEST_OBS_PATH", (fs::path(ALMAGEST_SOURCE_DIR) / "obs_packages").c_str(), 1);
  toy::write_file(world.root / "_mapper", "lsst.obs.hsc.HscMapper\n");
  Header header;
  header.set("INSTRUME", std::string("Hyper Suprime-Cam"));
  header.set("OBJECT", std::string("SSP_UDEEP_SXDS"));
  header.set("EXP-ID", std::string("HSCA04098400"));
  header.set("FRAMEID", std::string("HSCA04098410"));
  header.set("DET-ID", std::int64_t{55});
  header.set("FILTER01", std::string("HSC-R"));
  header.set("PROP-ID", std::string("o15426"));
  header.set("DATE-OBS", std::string("2015-10-10"));
  header.set("UT-STR", std::string("11:29:02.035"));
  header.set("UT-END", std::string("11:34:03.000"));
  header.set("MJD", 57305.47849);
  header.set("EXPTIME", 300.0);
  header.set("INST-PA", 0.0);
  header.set("T_AG", std::int64_t{1});
  header.set("T_CCDTV", -100.65);
  header.set("T_CFGFIL", std::string("20140306.cfg"));
  header.set("DATA-TYP", std::string("OBJECT"));
  fs::create_directories(world.file(""));
  {
    fits::Writer writer(world.file("HSCA04098410.fits"));
    writer.primary(header);
    writer.close();
  }
  IngestSummary const summary = world.ingest({world.file("HSCA04098410.fits")});
  CHECK(world.log.warnings == Strings{});
  CHECK(summary.ingested == 1);
  CHECK(fs::is_symlink(world.root / "SSP_UDEEP_SXDS/2015-10-10/01378/HSC-R/HSC-0040984-055.fits"));
  CHECK(world.rows("SELECT * FROM raw") ==
        Strings{"1|SSP_UDEEP_SXDS|40984|55|1378|HSC-R|o15426|2015-10-10|2015-10-10|300.0|0.0|1|"
                "-100.65|20140306.cfg|HSCA04098410|HSCA04098400|OBJECT"});
  CHECK(world.rows("SELECT * FROM raw_visit") ==
        Strings{"40984|SSP_UDEEP_SXDS|HSC-R|2015-10-10|2015-10-10"});
}

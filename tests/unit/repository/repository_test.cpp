#include "repository/repository.hpp"

#include <doctest/doctest.h>

#include "toy_repository.hpp"

using namespace almagest;
using toy::everything;
using toy::selection;

namespace {

std::vector<std::string> names(std::vector<UnitCandidate> const& candidates) {
  std::vector<std::string> result;
  for (UnitCandidate const& candidate : candidates) result.push_back(candidate.id.str());
  return result;
}

}  // namespace

TEST_CASE("repository: a Gen2 one opens as it stands, and nothing is written") {
  toy::World world;
  world.make_gen2();
  auto const before = toy::snapshot(world.root);
  {
    auto const repository = world.open();
    CHECK(repository->instrument().name() == "toy");
    CHECK(repository->single_frame_pipeline() == "process_ccd");
    CHECK(repository->column_names() == std::vector<std::string>{"visit", "ccd", "filter",
                                                                 "exposure", "detector", "band",
                                                                 "dateObs", "expTime", "strip"});
    auto const all = repository->select("raw", everything, {});
    CHECK(names(all) == std::vector<std::string>{"visit=1 ccd=1 filter=g", "visit=1 ccd=2 filter=r",
                                                 "visit=2 ccd=1 filter=r",
                                                 "visit=2 ccd=2 filter=i"});
    CHECK(all[0].columns.at("expTime") == Value(10.5));
    CHECK(all[0].columns.at("strip") == Value("82S"));  // fixed-width text loses its blanks
    CHECK(all[0].columns.at("detector") == Value(std::int64_t{1}));
    CHECK_FALSE(all[0].columns.contains("id"));
    CHECK(repository->reruns().empty());
    auto const stored = repository->stored("");
    CHECK(stored->load("note", "toy.Note/1", all[1].id, std::nullopt).get<toy::Note>().text ==
          "note 12");
    CHECK(toy::snapshot(world.root) == before);
  }
  CHECK(toy::snapshot(world.root) == before);
}

TEST_CASE("repository: selection by keys, roles, columns and expressions") {
  toy::World world;
  world.make_gen2();
  auto const repository = world.open();
  auto const count = [&](std::vector<std::vector<std::string>> const& groups) {
    return repository->select("raw", selection(groups), {}).size();
  };
  CHECK(count({{"visit=1"}}) == 2);
  CHECK(count({{"visit=1..2", "ccd=2"}}) == 2);
  CHECK(count({{"visit=01"}}) == 2);  // a number, not a text
  CHECK(count({{"filter=r^g"}}) == 3);
  CHECK(count({{"band=r"}}) == 2);
  CHECK(count({{"exposure=2", "detector=1"}}) == 1);
  CHECK(count({{"expTime=10.5"}}) == 2);
  CHECK(count({{"expTime=21"}}) == 2);
  CHECK(count({{"dateObs=2013-06-17"}, {"visit=2", "filter=i"}}) == 3);
  CHECK(count({{"visit=1"}, {"visit=1"}}) == 2);
  CHECK(count({{"visit=7"}}) == 0);
  CHECK(count({}) == 0);

  Expression const red = Expression::parse("band == 'r' and expTime > 12", {});
  Expression const ordered = Expression::parse("index(filter) >= 1", {});
  CHECK(names(repository->select("raw", everything, {&red, &ordered})) ==
        std::vector<std::string>{"visit=2 ccd=1 filter=r"});
  // Once per visit, with the columns in which its frames agree.
  auto const visits = repository->select("optional", everything, {});
  CHECK(names(visits) == std::vector<std::string>{"visit=1", "visit=2"});
  CHECK(visits[0].columns.at("dateObs") == Value("2013-06-17"));
  CHECK_FALSE(visits[0].columns.contains("ccd"));
}

TEST_CASE("repository: selections that cannot be meant") {
  toy::World world;
  world.make_gen2();
  auto const repository = world.open();
  auto const complaint = [&](std::string const& word) {
    return toy::message<ConfigError>([&] { repository->select("raw", selection({{word}}), {}); });
  };
  CHECK(toy::contains(complaint("vsit=1"),
                      "--id has no key 'vsit'; did you mean 'visit'? (known: "
                      "visit, ccd, filter, exposure, detector, band, dateObs"));
  CHECK(complaint("visit=abc") == "--id visit=abc: 'visit' wants an integer, got 'abc'");
  CHECK(complaint("detector=1.5") == "--id detector=1.5: 'detector' wants an integer, got '1.5'");
  CHECK(complaint("expTime=long") == "--id expTime=long: 'expTime' wants a number, got 'long'");
  CHECK(complaint("filter=1..3") == "--id filter=1..3: 'filter' is text and has no ranges");
  Expression const wrong = Expression::parse("bnd == 'r'", {});
  CHECK(toy::contains(
      toy::message<ConfigError>([&] { repository->select("raw", everything, {&wrong}); }),
      "'bnd', which is no key, role or registry column; did you mean 'band'?"));
  CHECK(toy::contains(toy::message<ConfigError>([&] { repository->select("scr", everything, {}); }),
                      "no dataset type 'scr'; did you mean 'src'?"));
  CHECK(toy::contains(
      toy::message<ConfigError>([&] { repository->select("raw", everything, {}, "mine"); }),
      "has no rerun 'mine'"));
}

TEST_CASE("repository: what is looked for and not found is named") {
  toy::World world;
  world.make_gen2();
  auto const repository = world.open();
  auto const stored = repository->stored("");
  DataId const id = repository->select("raw", selection({{"visit=1", "ccd=1"}}), {})[0].id;
  auto const complaint = [&](std::string const& dataset, DataId const& of) {
    return toy::message([&] { stored->load(dataset, "toy.Note/1", of, std::nullopt); });
  };
  toy::fs::remove(world.root / "2013-06-17/000001-1.txt");
  CHECK(complaint("note", id) == "no 'note': there is no " +
                                     (world.root / "2013-06-17/000001-1.txt").string() +
                                     "; add the file, or leave this data ID out");
  CHECK(toy::contains(complaint("notes", id),
                      "no dataset type 'notes'; did you mean 'note'? (known:"));
  CHECK(complaint("flat", id) ==
        "no 'flat' for band=g detector=1 valid on 2013-06-17; known: none "
        "in " +
            (world.root / "registry.sqlite3").string());
  CHECK(complaint("camera", id) ==
        "not implemented: datasets of the instrument without a path (dataset 'camera')");
  // Only the type's own keys count; dateObs is not told by ccd=1 alone.
  toy::write_file(world.root / "extra/1.txt", "found");
  CHECK(stored->load("optional", "toy.Note/1", id, std::nullopt).get<toy::Note>().text == "found");
  CHECK(toy::contains(complaint("note", {{"ccd", std::int64_t{1}}}), "does not tell 'visit'"));
  CHECK(stored->unit(id)->exists("optional"));
  CHECK_FALSE(stored->unit(id)->exists("note"));
}

TEST_CASE("repository: what is no repository is said") {
  toy::World world;
  CHECK(toy::contains(toy::message<ConfigError>([&] { world.open(world.root / "x"); }),
                      "no such directory"));
  toy::fs::create_directories(world.root);
  CHECK(toy::contains(toy::message<ConfigError>([&] { world.open(); }),
                      "neither almagest.toml nor _mapper"));
  toy::write_file(world.root / "_mapper", "lsst.obs.other.OtherMapper\n");
  CHECK(toy::contains(toy::message<ConfigError>([&] { world.open(); }),
                      "'lsst.obs.other.OtherMapper'; known: "));
  toy::write_file(world.root / "_mapper", "toy.Mapper\n");
  CHECK(toy::contains(toy::message<ConfigError>([&] { world.open(); }), "no registry"));
  toy::write_file(world.root / "registry.sqlite3", "not a database, but long enough to be read");
  CHECK(toy::contains(toy::message([&] { world.open(); }), "registry.sqlite3"));
}

TEST_CASE("repository: made by create") {
  toy::World world;
  CHECK_THROWS_AS(Repository::create(world.root, "toi", world.plugins), ConfigError);
  toy::write_file(world.directory.path() / "file", "");
  CHECK_THROWS_AS(Repository::create(world.directory.path() / "file", "toy", world.plugins),
                  ConfigError);
  CHECK_FALSE(toy::fs::exists(world.root));
  Repository::create(world.root, "toy", world.plugins);
  CHECK(toy::contains(
      toy::message<ConfigError>([&] { Repository::create(world.root, "toy", world.plugins); }),
      "there is a repository already"));
  {
    SQLite::Database database((world.root / "registry.sqlite3").string(), SQLite::OPEN_READWRITE);
    database.exec("INSERT INTO raw (visit, ccd, filter) VALUES (5, 1, 'i'), (5, 1, 'g')");
    CHECK_THROWS(database.exec("INSERT INTO raw (visit, ccd, filter) VALUES (5, 1, 'g')"));
    CHECK_THROWS(database.exec("INSERT INTO raw (visit, ccd, filter) VALUES ('x', 1, 'g')"));
  }
  auto const before = toy::snapshot(world.root);
  auto const repository = world.open();
  CHECK(names(repository->select("raw", everything, {})) ==
        std::vector<std::string>{"visit=5 ccd=1 filter=g", "visit=5 ccd=1 filter=i"});
  CHECK(toy::snapshot(world.root) == before);  // although it has a write-ahead log
}

TEST_CASE("repository: rows that another process is writing are seen") {
  toy::World world;
  Repository::create(world.root, "toy", world.plugins);
  auto const repository = world.open();
  CHECK(repository->select("raw", everything, {}).empty());
  SQLite::Database database((world.root / "registry.sqlite3").string(), SQLite::OPEN_READWRITE);
  database.exec("INSERT INTO raw (visit, ccd, filter) VALUES (5, 1, 'i')");
  CHECK(repository->select("raw", everything, {}).size() == 1);
  database.exec("INSERT INTO raw (visit, ccd, filter) VALUES (6, 1, 'i')");
  CHECK(repository->select("raw", everything, {}).size() == 2);
}

TEST_CASE("repository: the SDSS demo's own, read-only") {
  char const* data = std::getenv("ALMAGEST_TESTDATA");
  toy::fs::path const root =
      (data ? toy::fs::path(data) : toy::fs::path(ALMAGEST_SOURCE_DIR) / "../shared/data") /
      "sdss_demo/input";
  if (!toy::fs::exists(root)) {
    REQUIRE_MESSAGE(std::getenv("CI") == nullptr, "no test data at " << root);
    MESSAGE("skipped: no test data at " << root);
    return;
  }
  ::setenv("ALMAGEST_OBS_PATH", (toy::fs::path(ALMAGEST_SOURCE_DIR) / "obs_packages").c_str(), 1);
  PluginRegistry plugins;
  plugins.add("obs_sdss", [](Registrar& registrar) { registrar.task<toy::Copy>("copy", ""); });
  auto const files = [&] {
    std::vector<std::string> result;
    for (auto const& entry : toy::fs::recursive_directory_iterator(root))
      result.push_back(entry.path().string());
    return result;
  };
  auto const before = files();
  auto const repository = Repository::open(root, plugins, {});
  CHECK(repository->instrument().name() == "sdss");
  CHECK(names(repository->select(
            "raw", selection({{"run=4192", "filter=z^u", "camcol=4", "field=300", "rerun=40"}}),
            {})) == std::vector<std::string>{"run=4192 camcol=4 field=300 filter=u",
                                             "run=4192 camcol=4 field=300 filter=z"});
  auto const all = repository->select("fpC", everything, {});
  CHECK(all.size() == 5);
  // Science document, section 1: (((run*10 + filter)*10 + camcol)*10000 + field.
  CHECK(repository->instrument().exposure_id(all[2].id).value ==
        41922 * 100000LL + 4 * 10000 + 300);
  auto const stored = repository->stored("");
  for (UnitCandidate const& candidate : all)
    for (char const* dataset : {"fpC", "fpM", "psField", "asTrans", "tsField"}) {
      CAPTURE(dataset);
      CHECK(stored->unit(candidate.id)->exists(dataset));
    }
  CHECK(files() == before);
}

// Calibrations as inputs and outputs of reruns.
#include <doctest/doctest.h>

#include "almagest/fits.hpp"
#include "foo_camera.hpp"
#include "repository/frame_registry.hpp"
#include "repository/ingest_calibs.hpp"

using namespace almagest;
namespace fs = std::filesystem;
using toy::Counts;
using toy::Note;

namespace {

/// Puts a flat's text behind a note's.
struct Flatten final : Task {
  In<Note> note{*this, "note"};
  In<Note> flat{*this, "flat"};
  Out<Note> flattened{*this, "flattened"};
  Outcome run(Context& context) const override {
    context.put(flattened, Note{context.get(note).text + '/' + context.get(flat).text});
    return done;
  }
};

/// A flat of all notes of a group.
struct Build final : Task {
  GatherIn<Note> notes{*this, "note"};
  Out<Note> flat{*this, "flat"};
  Outcome run(Context& context) const override {
    std::string text = "flat of";
    for (Gathered<Note> const& note : context.get(notes)) text += ' ' + note.get().text;
    context.put(flat, Note{text});
    return done;
  }
};

constexpr char const* flatten = R"(
schema = 1
steps = ["flatten"]
[task]
flatten = "cal/flatten"
[outputs]
flattened = "flattened"
)";

constexpr char const* build = R"(
schema = 1
steps = ["build"]
[task.build]
use = "cal/build"
per = ["ccd"]
[outputs]
flat = "flat"
)";

/// Flats of ccd 1 in the toy repository, whose visits are of 2013-06-17 (1) and 2013-06-18 (2).
struct World : toy::World {
  World() {
    toy::write_file(directory.path() / "obs/obs_toy/datasets.toml", std::string(toy::datasets) + R"(
[dataset.thing]
product = "toy.Note/1"
keys    = ["detector"]
path    = "things/{ccd}.txt"
lookup  = "instrument"
)");
    std::string datasets = toy::read_file(directory.path() / "obs/obs_toy/datasets.toml");
    auto const flat = datasets.find("lookup = \"validity\"");
    datasets.insert(flat, "product = \"toy.Note/1\"\nkeys = [\"ccd\"]\n");
    toy::write_file(directory.path() / "obs/obs_toy/datasets.toml", datasets);
    toy::write_file(directory.path() / "obs/obs_toy/things/1.txt", "thing one");
    make_gen2();
    plugins.add("cal", [](Registrar& registrar) {
      registrar.task<Flatten>("flatten", "");
      registrar.task<Build>("build", "");
    });
  }
  void sql(std::string const& text) const {
    SQLite::Database((root / "registry.sqlite3").string(), SQLite::OPEN_READWRITE).exec(text);
  }
  IngestSummary ingest(fs::path const& file, CalibrationIngestRequest request) {
    request.repository = root;
    request.files = {file};
    return ingest_calibrations(request, plugins, log);
  }
  std::string flattened(int visit) const {
    return toy::read_file(root / "rerun/r/flattened" /
                          (std::to_string(visit) + "-1-" + (visit == 1 ? "g" : "r") + ".txt"));
  }
  foo::Lines log;
};

IdSelection const first_ccd = toy::selection({{"ccd=1"}});

}  // namespace

TEST_CASE("calibrations: what a rerun has made with one is stale when another holds") {
  World world;
  toy::write_file(world.root / "a.txt", "old");
  toy::write_file(world.root / "b.txt", "new");
  CHECK(world
            .ingest(world.root / "a.txt", {.mode = IngestMode::direct,
                                           .type = "flat",
                                           .keys = {{"ccd", "1"}},
                                           .valid_from = "2013-01-01",
                                           .valid_to = "2013-12-31"})
            .ingested == 1);
  CHECK(toy::Run(world, world.root, flatten).go({"r", {}}, first_ccd) == Counts{{"ok", 2}});
  CHECK(world.flattened(1) == "note 11/old");
  CHECK(toy::Run(world, world.root, flatten).go({"r", {}}, first_ccd) == Counts{{"up to date", 2}});
  // The second visit gets a flat of its own.
  world.sql("UPDATE calib SET validEnd = '2013-06-17'");
  CHECK(world
            .ingest(world.root / "b.txt", {.mode = IngestMode::direct,
                                           .type = "flat",
                                           .keys = {{"ccd", "1"}},
                                           .valid_from = "2013-06-18"})
            .ingested == 1);
  CHECK(toy::Run(world, world.root, flatten).go({"r", {}}, first_ccd) ==
        Counts{{"ok", 1}, {"up to date", 1}});
  CHECK(world.flattened(1) == "note 11/old");
  CHECK(world.flattened(2) == "note 21/new");
  // Another content of the same file counts, too.
  toy::write_file(world.root / "a.txt", "mended");
  CHECK(toy::Run(world, world.root, flatten).go({"r", {}}, first_ccd) ==
        Counts{{"ok", 1}, {"up to date", 1}});
  CHECK(world.flattened(1) == "note 11/mended");
  // What was used is recorded, with its day.
  SQLite::Database database((world.root / "almagest.sqlite3").string());
  SQLite::Statement query(database,
                          "SELECT data_id, path FROM dataset_input WHERE type = 'flat' "
                          "ORDER BY data_id");
  query.executeStep();
  CHECK(query.getColumn(0).getString() == R"({"ccd":1,"valid_on":"2013-06-17"})");
  CHECK(query.getColumn(1).getString() == "a.txt");
}

TEST_CASE(
    "calibrations: one that was built is stored by its group's keys, and ingested from there") {
  World world;
  CHECK(toy::Run(world, world.root, build).go({"made", {}}) == Counts{{"ok", 2}});
  fs::path const made = world.root / "rerun/made/flat/1.txt";
  CHECK(toy::read_file(made) == "flat of note 11 note 21");
  // Its type stands in the rerun's registry; a text file does not tell its keys.
  CHECK(world.ingest(made, {.keys = {{"ccd", "1"}}, .valid_from = "2013-06-01"}).ingested == 1);
  CHECK(world.log.all.back() ==
        made.string() + " --<copy>--> " +
            (world.root / "CALIB/flat/2013-06-01/flat-2013-06-01-1.txt").string() +
            " (flat ccd=1 2013-06-01..)");
  CHECK(toy::Run(world, world.root, flatten).go({"r", {}}, first_ccd) == Counts{{"ok", 2}});
  CHECK(world.flattened(2) == "note 21/flat of note 11 note 21");
  // A rerun that builds them reads its own.
  toy::write_file(world.root / "rerun/made/flat/1.txt", "its own");
  auto const repository = world.open();
  auto const stored = repository->stored("made");
  DataId const frame{{"visit", std::int64_t{1}}, {"ccd", std::int64_t{1}}, {"filter", "g"}};
  CHECK(stored->load("flat", "toy.Note/1", frame, std::nullopt).get<Note>().text == "its own");
}

TEST_CASE("calibrations: a file of the obs package, and one that stands above it") {
  World world;
  auto const thing = [&](int ccd) {
    auto const repository = world.open();
    auto const stored = repository->stored("");
    DataId const frame{
        {"visit", std::int64_t{1}}, {"ccd", std::int64_t{ccd}}, {"filter", ccd == 1 ? "g" : "r"}};
    return stored->load("thing", "toy.Note/1", frame, std::nullopt).get<Note>().text;
  };
  CHECK(thing(1) == "thing one");
  CHECK(toy::contains(toy::message<NotFoundError>([&] { thing(2); }),
                      (world.directory.path() / "obs/obs_toy/things/2.txt").string()));
}

TEST_CASE("calibrations: what is missing is an error that tells what is known") {
  World world;
  toy::write_file(world.root / "a.txt", "late");
  CHECK(world
            .ingest(world.root / "a.txt", {.mode = IngestMode::direct,
                                           .type = "flat",
                                           .keys = {{"ccd", "1"}},
                                           .valid_from = "2014-01-01"})
            .ingested == 1);
  CHECK(
      toy::Run(world, world.root, flatten).go({"r", {}}, toy::selection({{"visit=1", "ccd=1"}})) ==
      Counts{{"failed", 1}});
  SQLite::Database database((world.root / "almagest.sqlite3").string());
  CHECK(database.execAndGet("SELECT message FROM quantum").getString() ==
        "no 'flat' for ccd=1 valid on 2013-06-17; known: ccd=1 "
        "2014-01-01..9999-12-31 (" +
            (world.root / "a.txt").string() + ")");
}

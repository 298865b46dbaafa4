#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <random>

#include "repository/schema_files.hpp"
#include "toy_repository.hpp"

using namespace almagest;
using toy::Run;
using toy::selection;

namespace {

using toy::Counts;
RerunRequest named(std::string const& name) {
  RerunRequest request;
  request.name = name;
  return request;
}
RerunRequest into(toy::fs::path const& output) {
  RerunRequest request;
  request.output = output;
  return request;
}

/// Outputs without the registry, which holds times and numbers of processes.
std::map<std::string, std::string> products(toy::fs::path const& directory) {
  auto files = toy::snapshot(directory);
  std::erase_if(files, [](auto const& file) { return toy::contains(file.first, ".sqlite3"); });
  return files;
}

pid_t spawn(std::vector<std::string> words, std::map<std::string, std::string> const& variables) {
  std::vector<char*> arguments, environment;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::vector<std::string> assignments;
  for (auto const& [name, value] : variables) assignments.push_back(name + '=' + value);
  for (std::string& assignment : assignments) environment.push_back(assignment.data());
  for (char** variable = environ; *variable; ++variable) environment.push_back(*variable);
  environment.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  int const error = ::posix_spawn(&pid, "/proc/self/exe", &actions, nullptr, arguments.data(),
                                  environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  REQUIRE(error == 0);
  return pid;
}

/// Runs the test case "child: run" in a process of its own.
pid_t spawn_run(toy::World const& world, toy::fs::path const& output, std::string const& suffix,
                std::string const& answer) {
  return spawn({"child", "--test-case=child: run", "--no-skip"},
               {{"TOY_WORLD", world.directory.path()},
                {"TOY_OUTPUT", output},
                {"TOY_SUFFIX", suffix},
                {"TOY_ANSWER", world.directory.path() / answer}});
}

int wait_for(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

constexpr char const* list_pipeline = R"(
schema = 1
steps  = ["copy", "list"]
[task]
copy = "toy/copy"
list = "toy/list"
[outputs]
src = "list"
)";

constexpr char const* visit_pipeline = R"(
schema = 1
steps  = ["copy", "twice", "join"]
[task]
copy  = "toy/copy"
twice = "toy/twice"
[task.join]
use = "toy/join"
per = "visit"
[outputs]
doubled = "twice"
summary = "joined"
)";

}  // namespace

TEST_CASE("rerun: outputs under their declared and default names, rows with what made them") {
  toy::World world;
  world.make_gen2();
  toy::fs::path const out = world.directory.path() / "out";
  auto const before = toy::snapshot(world.root);
  CHECK(Run(world, world.root, toy::pipeline_text).go(into(out)) == Counts{{"ok", 8}});
  CHECK(toy::snapshot(world.root) == before);

  auto const files = products(out);
  CHECK(files.at("copied/1-2-r.txt") == "note 12!");
  CHECK(files.at("twice/r/000001-2.txt") == "note 12!note 12!");
  CHECK(files.at("metadata/1-2-r.toml") ==
        "# What each step measured of itself.\n"
        "data_id = { ccd = 2, filter = 'r', visit = 1 }\n\n"
        "[task.copy]\nlength = 8  # characters\nhalf = 4.0\n\n"
        "[task.twice]\nlength = 16  # characters\n");
  CHECK(toy::contains(files.at("config/pipeline.toml"), "copy"));
  CHECK(toy::contains(files.at("config/packages.json"), "\"almagest\": \""));
  CHECK(files.size() == 4 * 3 + 3);

  SQLite::Database registry((out / "registry.sqlite3").string());
  CHECK(registry.execAndGet("SELECT count(*) FROM dataset").getInt() == 12);
  CHECK(registry
            .execAndGet("SELECT path || ' ' || task || ' ' || use FROM dataset WHERE type = "
                        "'doubled' AND data_id = '{\"visit\":1,\"ccd\":2,\"filter\":\"r\"}'")
            .getString() == "twice/r/000001-2.txt twice toy/twice");
  CHECK(registry
            .execAndGet("SELECT group_concat(i.path) FROM dataset d JOIN dataset_input i ON "
                        "d.id = i.dataset WHERE d.path = 'twice/r/000001-2.txt'")
            .getString() == "2013-06-17/000001-2.txt");
  CHECK(registry.execAndGet("SELECT count(*) FROM process").getInt() == 0);
  CHECK_FALSE(SQLite::Statement(registry, "PRAGMA foreign_key_check").executeStep());
}

TEST_CASE("rerun: --output makes a repository that opens, selects and reads") {
  toy::World world;
  world.make_gen2();
  toy::fs::path const out = world.directory.path() / "out";
  Run(world, world.root, toy::pipeline_text).go(into(out), selection({{"visit=2"}}));
  auto const repository = world.open(out);
  auto const stored = repository->select("copied", toy::everything, {});
  REQUIRE(stored.size() == 2);
  CHECK(stored[0].id.str() == "visit=2 ccd=1 filter=r");
  CHECK(stored[0].columns.at("dateObs") == Value("2013-06-18"));
  CHECK(repository->select("raw", toy::everything, {}).size() == 4);  // the parent's
  auto const reader = repository->stored("");
  CHECK(reader->load("copied", "toy.Note/1", stored[0].id, std::nullopt).get<toy::Note>().text ==
        "note 21!");
  CHECK(reader->load("note", "toy.Note/1", stored[0].id, std::nullopt).get<toy::Note>().text ==
        "note 21");
  auto const reruns = repository->reruns();
  REQUIRE(reruns.size() == 1);
  CHECK(reruns[0].name.empty());
  CHECK(reruns[0].datasets == 6);
  CHECK(reruns[0].quanta_by_state == std::map<std::string, std::size_t>{{"ok", 4}});
  CHECK(toy::fs::equivalent(reruns[0].directory, out));

  // A tail of a pipeline on stored products, chained: OUT2 -> OUT -> input.
  toy::fs::path const second = world.directory.path() / "second";
  Run const tail(world, out,
                 "schema = 1\nsteps = [\"twice\"]\n[task.twice]\nuse = \"toy/twice\"\nin.copy = "
                 "\"copied\"\n[outputs]\ndoubled = \"twice\"\n");
  CHECK(tail.go(into(second), selection({{"visit=2"}})) == Counts{{"ok", 2}});
  CHECK(products(second).at("twice/r/000002-1.txt") == "note 21!note 21!");
}

TEST_CASE("rerun: --rerun beside a Gen2 registry, which stays as it is") {
  toy::World world;
  world.make_gen2();
  std::string const registry = toy::read_file(world.root / "registry.sqlite3");
  CHECK(Run(world, world.root, toy::pipeline_text).go(named("mine")) == Counts{{"ok", 8}});
  CHECK(toy::read_file(world.root / "registry.sqlite3") == registry);
  CHECK(toy::read_file(world.root / "rerun/mine/copied/1-2-r.txt") == "note 12!");
  auto const repository = world.open();
  CHECK(repository->select("copied", toy::everything, {}, "mine").size() == 4);
  CHECK(repository->stored("mine")
            ->load("copied", "toy.Note/1", repository->select("raw", toy::everything, {})[0].id,
                   std::nullopt)
            .get<toy::Note>()
            .text == "note 11!");
  REQUIRE(repository->reruns().size() == 1);
  CHECK(repository->reruns()[0].directory == world.root / "rerun/mine");
  // The rerun's directory opens by itself, too.
  auto const rerun = world.open(world.root / "rerun/mine");
  CHECK(rerun->select("copied", toy::everything, {}).size() == 4);
  CHECK(rerun->reruns().size() == 1);
}

TEST_CASE("rerun: one that reads from another stands beside it, and keeps to it") {
  toy::World world;
  world.make_gen2();
  Run(world, world.root, toy::pipeline_text).go(named("first"));
  toy::fs::path const first = world.root / "rerun/first";
  Run(world, first, toy::pipeline_text).go(named("second"));
  CHECK(toy::fs::exists(world.root / "rerun/second/copied/1-2-r.txt"));
  auto const second = world.open(world.root / "rerun/second");
  CHECK(second->select("raw", toy::everything, {}).size() == 4);
  CHECK(world.open()->reruns().size() == 2);
  auto const complaint = [&](toy::fs::path const& root, char const* name) {
    return toy::message<ConfigError>([&] { Run(world, root, toy::pipeline_text).go(named(name)); });
  };
  CHECK(toy::contains(complaint(first, "first"), "cannot read itself"));
  CHECK(toy::contains(complaint(world.root, "second"), "is there already and reads from"));
}

TEST_CASE("rerun: --rerun in a repository of our own shares its registry") {
  toy::World world;
  Repository::create(world.root, "toy", world.plugins);
  toy::write_file(world.directory.path() / "obs/obs_toy/datasets.toml",
                  "[dataset.note]\nproduct = \"toy.Note/1\"\npath = \"{visit}-{ccd}.txt\"\n");
  {
    SQLite::Database database((world.root / "registry.sqlite3").string(), SQLite::OPEN_READWRITE);
    database.exec("INSERT INTO raw (visit, ccd, filter) VALUES (5, 1, 'i'), (5, 2, 'i')");
  }
  toy::write_file(world.root / "5-1.txt", "one");
  toy::write_file(world.root / "5-2.txt", "two");
  {
    Run const run(world, world.root, toy::pipeline_text);
    CHECK(run.go(named("mine")) == Counts{{"ok", 4}});
    CHECK(run.repository->select("copied", toy::everything, {}, "mine").size() == 2);
    CHECK(run.go(named("mine")) == Counts{{"up to date", 4}});
    CHECK(run.go(named("other")) == Counts{{"ok", 4}});
  }
  CHECK(world.open()->reruns().size() == 2);
  std::vector<std::string> names;
  for (auto const& entry : toy::fs::directory_iterator(world.root))
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  CHECK(names == std::vector<std::string>{"5-1.txt", "5-2.txt", "almagest.toml", "registry.sqlite3",
                                          "rerun"});
}

TEST_CASE("rerun: requests that cannot be carried out") {
  toy::World world;
  world.make_gen2();
  Run const run(world, world.root, toy::pipeline_text);
  auto const complaint = [&](RerunRequest const& request) {
    return toy::message([&] { run.claim(request); });
  };
  CHECK(toy::contains(complaint({}), "--rerun NAME or --output DIR"));
  for (char const* name : {"../x", "a/b", "..", ".", ".hidden", "-x", "a\n"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(run.claim(named(name)), ConfigError);
  }
  CHECK(toy::contains(complaint(into(world.root)), "is the repository itself"));
  toy::write_file(world.directory.path() / "other/_mapper", "toy.Mapper");
  CHECK(toy::contains(complaint(into(world.directory.path() / "other")), "of its own"));
  toy::write_file(world.directory.path() / "file", "");
  CHECK(toy::contains(complaint(into(world.directory.path() / "file/out")), "cannot write there"));
  Repository::create(world.directory.path() / "made", "toy", world.plugins);
  CHECK(toy::contains(complaint(into(world.directory.path() / "made")), "is not its parent"));
  CHECK_FALSE(toy::fs::exists(world.root / "rerun"));
}

TEST_CASE("rerun: outputs whose paths cannot work are refused before anything is written") {
  toy::World world;
  world.make_gen2();
  auto const complaint = [&](std::string const& outputs) {
    Run const run(world, world.root,
                  "schema = 1\nsteps = [\"copy\", \"twice\"]\n[task]\ncopy = \"toy/copy\"\ntwice = "
                  "\"toy/twice\"\n[outputs]\n" +
                      outputs);
    return toy::message<ConfigError>([&] { run.claim(named("x")); });
  };
  CHECK(toy::contains(complaint("a = { label = \"copy\", path = \"a/{visit}-{filter}.txt\" }\n"),
                      "of output 'a' lacks {ccd}"));
  CHECK(toy::contains(complaint("a = { label = \"copy\", path = \"x/{keys}.txt\" }\n"
                                "b = { label = \"twice\", path = \"x/{keys}.txt\" }\n"),
                      "outputs 'a' and 'b' have one path"));
  // The same files, spelled in another way.
  CHECK(toy::contains(
      complaint("a = { label = \"copy\", path = \"x/{keys}.txt\" }\n"
                "b = { label = \"twice\", path = \"x/{visit}-{detector}-{filter:s}.txt\" }\n"),
      "outputs 'a' and 'b' have one path"));
  CHECK(toy::contains(complaint("a = { label = \"copy\", path = \"metadata/{keys}.toml\" }\n"),
                      "outputs 'metadata' and 'a' have one path"));
  CHECK_FALSE(toy::fs::exists(world.root / "rerun"));
}

TEST_CASE("rerun: what is up to date is skipped, what is stale is made again") {
  toy::World world;
  world.make_gen2();
  toy::fs::path const out = world.directory.path() / "out";
  Run const run(world, world.root, toy::pipeline_text);
  CHECK(run.go(into(out)) == Counts{{"ok", 8}});
  auto const made = products(out);
  CHECK(run.go(into(out)) == Counts{{"up to date", 8}});
  CHECK(products(out) == made);

  SUBCASE("a file deleted: only its step, from the stored product or again") {
    toy::fs::remove(out / "twice/r/000001-2.txt");
    Counts const counts = run.go(into(out));
    CHECK(counts.at("ok") <= 2);
    CHECK(counts.at("up to date") >= 6);
  }
  SUBCASE("a file cut short") {
    toy::write_file(out / "copied/1-2-r.txt", "note");
    CHECK(run.go(into(out)).at("ok") >= 1);
  }
  SUBCASE("metadata deleted: the unit was not complete") {
    toy::fs::remove(out / "metadata/1-2-r.toml");
    CHECK(run.go(into(out)) == Counts{{"ok", 2}, {"up to date", 6}});
  }
  SUBCASE("redo") {
    RerunRequest request = into(out);
    request.redo = true;
    CHECK(run.go(request) == Counts{{"ok", 8}});
  }
  SUBCASE("clobber output") {
    RerunRequest request = into(out);
    request.clobber_output = true;
    { auto const rerun = run.claim(request); }
    CHECK(products(out).size() == 3);  // almagest.toml and config/
    CHECK(run.go(into(out)) == Counts{{"ok", 8}});
  }
  SUBCASE("an input touched but not changed") {
    toy::write_file(world.root / "2013-06-17/000001-2.txt", "note 12");
    CHECK(run.go(into(out)) == Counts{{"up to date", 8}});
  }
  CHECK(products(out) == made);
  CHECK(run.go(into(out)) == Counts{{"up to date", 8}});

  SUBCASE("an input changed, with the same size") {
    toy::write_file(world.root / "2013-06-17/000001-2.txt", "NOTE 12");
    CHECK(run.go(into(out)) == Counts{{"ok", 2}, {"up to date", 6}});
    CHECK(products(out).at("copied/1-2-r.txt") == "NOTE 12!");
    CHECK(run.go(into(out)) == Counts{{"up to date", 8}});
  }
}

TEST_CASE("rerun: steps run alone read what is stored, and staleness goes through it") {
  toy::World world;
  world.make_gen2();
  toy::fs::path const out = world.directory.path() / "out";
  Run const run(world, world.root, toy::pipeline_text);
  run.go(into(out));
  auto const made = products(out);
  toy::fs::remove(out / "twice/r/000001-2.txt");
  Run const tail(world, world.root, toy::pipeline_text, {}, {"twice"});
  CHECK(tail.go(into(out)).at("ok") == 1);
  CHECK(products(out) == made);  // metadata of the other step, too
  CHECK(run.go(into(out)) == Counts{{"up to date", 8}});
  // twice was made from copied, copied from the note.
  toy::write_file(world.root / "2013-06-17/000001-2.txt", "NOTE 12");
  CHECK(run.go(into(out)) == Counts{{"ok", 2}, {"up to date", 6}});
}

TEST_CASE("rerun: another configuration is refused with the difference") {
  toy::World world;
  world.make_gen2();
  toy::fs::path const out = world.directory.path() / "out";
  Run(world, world.root, toy::pipeline_text).go(into(out));
  auto const made = toy::snapshot(out);
  Run const other(world, world.root, toy::pipeline_text, {"copy.suffix=?"});
  std::string const text = toy::message<ConfigError>([&] { other.go(into(out)); });
  CAPTURE(text);
  CHECK(toy::contains(text, "holds outputs of another configuration"));
  CHECK(toy::contains(text, "copy"));
  CHECK(toy::contains(text, "stored "));
  CHECK(toy::contains(text, "'!'"));
  CHECK(toy::contains(text, "now '?'"));
  CHECK(std::ranges::count(text, '\n') == 2);  // one key differs
  for (auto const& [path, content] : made)
    if (!toy::contains(path, ".sqlite3")) CHECK(toy::read_file(out / path) == content);

  RerunRequest request = into(out);
  request.clobber_config = true;
  CHECK(other.go(request) == Counts{{"ok", 8}});
  CHECK(products(out).at("copied/1-2-r.txt") == "note 12?");
  CHECK(toy::contains(products(out).at("config/pipeline.toml"), "?"));
  CHECK(other.go(into(out)) == Counts{{"up to date", 8}});

  // The camera belongs to the configuration.
  toy::write_file(world.directory.path() / "obs/obs_toy/camera.toml",
                  std::string(toy::camera) + "\ngain = 2.0\n");
  CHECK(toy::contains(toy::message<ConfigError>([&] {
                        Run(world, world.root, toy::pipeline_text, {"copy.suffix=?"}).go(into(out));
                      }),
                      "camera: stored toy "));
}

TEST_CASE("rerun: a failed step leaves its row and is tried again") {
  toy::World world;
  world.make_gen2();
  toy::fs::path const out = world.directory.path() / "out";
  Run const run(world, world.root, toy::pipeline_text, {"copy.fail=true"});
  CHECK(run.go(into(out)) == Counts{{"ok", 4}, {"failed", 2}, {"blocked", 2}});
  auto const reruns = world.open(out)->reruns();
  CHECK(reruns.at(0).quanta_by_state ==
        std::map<std::string, std::size_t>{{"ok", 4}, {"failed", 2}, {"blocked", 2}});
  {
    SQLite::Database registry((out / "registry.sqlite3").string());
    CHECK(registry.execAndGet("SELECT message FROM quantum WHERE state = 'failed'").getString() ==
          "told to fail");
  }
  CHECK(run.go(into(out)) == Counts{{"up to date", 4}, {"failed", 2}, {"blocked", 2}});
}

TEST_CASE("rerun: a missing input fails with its path and is made up for later") {
  toy::World world;
  world.make_gen2();
  toy::fs::path const out = world.directory.path() / "out";
  Run const run(world, world.root, toy::pipeline_text);
  toy::fs::path const note = world.root / "2013-06-17/000001-2.txt";
  toy::fs::rename(note, world.root / "away");
  CHECK(run.go(into(out)) == Counts{{"ok", 6}, {"failed", 1}, {"blocked", 1}});
  {
    SQLite::Database registry((out / "registry.sqlite3").string());
    CHECK(toy::contains(
        registry.execAndGet("SELECT message FROM quantum WHERE state = 'failed'").getString(),
        note.string()));
  }
  toy::fs::rename(world.root / "away", note);
  CHECK(run.go(into(out)) == Counts{{"ok", 2}, {"up to date", 6}});
}

TEST_CASE("rerun: groups are stale when their members change") {
  toy::World world;
  world.make_gen2();
  toy::fs::path const out = world.directory.path() / "out";
  Run const run(world, world.root, visit_pipeline);
  CHECK(run.go(into(out), selection({{"visit=1", "ccd=1"}})) == Counts{{"ok", 3}});
  CHECK(products(out).at("summary-1.txt") == "note 11!note 11!");
  CHECK(run.go(into(out), selection({{"visit=1", "ccd=1"}})) == Counts{{"up to date", 3}});
  CHECK(run.go(into(out)).at("ok") == 8);  // three units of two steps, and both visits
  CHECK(products(out).at("summary-1.txt") == "note 11!note 11!note 12!note 12!");
  CHECK(run.go(into(out)) == Counts{{"up to date", 10}});
  toy::write_file(world.root / "2013-06-17/000001-2.txt", "NOTE 12");
  CHECK(run.go(into(out)).at("ok") == 3);
  CHECK(products(out).at("summary-1.txt") == "note 11!note 11!NOTE 12!NOTE 12!");
}

TEST_CASE("rerun: schemas are written, and found by steps that read the catalogue") {
  toy::World world;
  world.make_gen2();
  toy::fs::path const out = world.directory.path() / "out";
  Run const run(world, world.root, list_pipeline);
  run.go(into(out));
  CHECK(toy::contains(toy::read_file(out / "schema/src.fits"), "value\n"));
  auto const schema = stored_schema(*run.repository, into(out), "src");
  REQUIRE(schema);
  CHECK(schema->find("value"));
  CHECK_FALSE(stored_schema(*run.repository, into(out), "icSrc"));
  CHECK(stored_schema(*world.open(out), {}, "src"));
  auto const made = toy::fs::last_write_time(out / "schema/src.fits");
  run.go(into(out));
  CHECK(toy::fs::last_write_time(out / "schema/src.fits") == made);

  RerunRequest request = into(out);
  request.clobber_output = true;
  { auto const rerun = Run(world, world.root, toy::pipeline_text).claim(request); }
  CHECK_FALSE(toy::fs::exists(out / "schema"));  // these outputs have no catalogue
}

// ---- several processes --------------------------------------------------------------------------

TEST_CASE("child: run" * doctest::skip()) {
  toy::World const world{toy::fs::path(std::getenv("TOY_WORLD"))};
  std::string answer = "ok";
  try {
    Run const run(world, world.root, toy::pipeline_text,
                  {std::string("copy.suffix=") + std::getenv("TOY_SUFFIX")});
    for (auto const& [state, count] : run.go(into(std::getenv("TOY_OUTPUT"))))
      answer += ' ' + state + '=' + std::to_string(count);
  } catch (std::exception const& e) {
    answer = e.what();
  }
  toy::write_file(std::getenv("TOY_ANSWER"), answer);
}

TEST_CASE("rerun: four processes at once on one rerun") {
  toy::World world;
  world.make_gen2(20);
  toy::fs::path const alone = world.directory.path() / "alone",
                      out = world.directory.path() / "out";
  Run(world, world.root, toy::pipeline_text, {"copy.suffix=!"}).go(into(alone));
  for (int repeat = 0; repeat < 5; ++repeat) {
    toy::fs::remove_all(out);
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i)
      children.push_back(spawn_run(world, out, "!", "answer" + std::to_string(i)));
    for (int i = 0; i < 4; ++i) {
      CHECK(wait_for(children[static_cast<std::size_t>(i)]) == 0);
      std::string const answer =
          toy::read_file(world.directory.path() / ("answer" + std::to_string(i)));
      CHECK_MESSAGE(answer.starts_with("ok"), answer);
    }
    CHECK(products(out) == products(alone));
  }
  CHECK(Run(world, world.root, toy::pipeline_text, {"copy.suffix=!"}).go(into(out)) ==
        Counts{{"up to date", 80}});
}

TEST_CASE("rerun: of differing configurations exactly one wins") {
  toy::World world;
  world.make_gen2();
  for (int repeat = 0; repeat < 5; ++repeat) {
    toy::fs::path const out = world.directory.path() / ("out" + std::to_string(repeat));
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i)
      children.push_back(spawn_run(world, out, std::string(1, static_cast<char>('a' + i)),
                                   "answer" + std::to_string(i)));
    int winners = 0;
    std::string winner;
    for (int i = 0; i < 4; ++i) {
      wait_for(children[static_cast<std::size_t>(i)]);
      std::string const answer =
          toy::read_file(world.directory.path() / ("answer" + std::to_string(i)));
      if (answer == "ok ok=8") {
        ++winners;
        winner = std::string(1, static_cast<char>('a' + i));
      } else {
        CHECK_MESSAGE(toy::contains(answer, "another configuration"), answer);
        CHECK_MESSAGE(toy::contains(answer, ": stored '"), answer);
      }
    }
    CHECK(winners == 1);
    CHECK(products(out).at("copied/1-2-r.txt") == "note 12" + winner);
    CHECK(toy::contains(products(out).at("config/pipeline.toml"), "'" + winner + "'"));
  }
}

TEST_CASE("rerun: killed at any time, the same command finishes the job") {
  toy::World world;
  world.make_gen2(10);
  toy::fs::path const alone = world.directory.path() / "alone",
                      out = world.directory.path() / "out";
  Run const run(world, world.root, toy::pipeline_text, {"copy.suffix=!"});
  run.go(into(alone));
  auto const expected = products(alone);
  ::setenv("TOY_WRITE_PAUSE_US", "1000", 1);
  std::mt19937 random(7);
  int interrupted = 0;
  for (int repeat = 0; repeat < 20; ++repeat) {
    pid_t const child = spawn_run(world, out, "!", "answer");
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 120));
    ::kill(child, SIGKILL);
    interrupted += WIFSIGNALED(wait_for(child));
    if (!toy::fs::exists(out)) continue;
    for (auto const& [path, content] : products(out)) {
      if (toy::fs::path(path).filename().string().front() == '.') continue;  // a temporary name
      CAPTURE(path);
      CHECK(expected.contains(path));
      CHECK(expected.at(path) == content);
    }
    if (!toy::fs::exists(out / "registry.sqlite3")) continue;
    SQLite::Database registry((out / "registry.sqlite3").string(), SQLite::OPEN_READWRITE);
    SQLite::Statement rows(registry, "SELECT path, size FROM dataset");
    while (rows.executeStep()) {
      auto const file = out / rows.getColumn(0).getString();
      CHECK(toy::fs::exists(file));
      CHECK(static_cast<std::int64_t>(toy::fs::file_size(file)) == rows.getColumn(1).getInt64());
    }
    if (repeat % 7 == 6) toy::fs::remove_all(out);
  }
  ::unsetenv("TOY_WRITE_PAUSE_US");
  CHECK(interrupted > 0);
  run.go(into(out));
  CHECK(products(out) == expected);  // no temporary file is left either
}

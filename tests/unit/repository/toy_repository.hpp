#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <ostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "almagest/plugin.hpp"
#include "engine/executor.hpp"
#include "repository/repository.hpp"

/// A camera of 2 CCDs whose frames are one line of text, and a Gen2 repository of 2 visits with it.
namespace toy {

using namespace almagest;
namespace fs = std::filesystem;

struct Note {
  std::string text;
};

}  // namespace toy

template <>
struct almagest::ProductTraits<toy::Note> {
  static constexpr std::string_view id = "toy.Note/1";
};

namespace toy {

inline std::string read_file(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void write_file(fs::path const& path, std::string const& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

/// A directory that goes away with the object.
class Directory {
 public:
  Directory() {
    static std::atomic<int> count{0};
    // In memory where that is possible: every stored file is flushed.
    fs::path const memory = "/dev/shm";
    char const* const parent = std::getenv("TOY_WORLD");  // of a child, which may be killed
    path_ = (parent               ? fs::path(parent) / "children"
             : fs::exists(memory) ? memory
                                  : fs::temp_directory_path()) /
            ("almagest_repository_" + std::to_string(::getpid()) + '_' + std::to_string(count++));
    fs::create_directories(path_);
  }
  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Directory(Directory const&) = delete;
  Directory& operator=(Directory const&) = delete;
  fs::path const& path() const { return path_; }

 private:
  fs::path path_;
};

/// Every file below a directory with its content.
inline std::map<std::string, std::string> snapshot(fs::path const& directory) {
  std::map<std::string, std::string> result;
  for (auto const& entry : fs::recursive_directory_iterator(directory))
    if (entry.is_regular_file())
      result[entry.path().lexically_relative(directory).string()] = read_file(entry.path());
  return result;
}

inline Note read_note(fs::path const& path, Formatter::ReadRequest const&) {
  if (!fs::exists(path)) throw NotFoundError(path.string() + " does not exist");
  return {read_file(path)};
}

inline void write_note(Note const& note, fs::path const& path, Formatter::WriteRequest const&) {
  // In two pieces with a pause, so that a kill finds files half-written.
  std::ofstream file(path, std::ios::binary);
  auto const half = static_cast<std::streamsize>(note.text.size() / 2);
  file.write(note.text.data(), half).flush();
  if (char const* pause = std::getenv("TOY_WRITE_PAUSE_US"))
    std::this_thread::sleep_for(std::chrono::microseconds(std::atoi(pause)));
  file << note.text.substr(static_cast<std::size_t>(half));
}

struct Copy final : Task {
  Param<std::string> suffix{*this, "suffix", "!", "What to append"};
  Param<bool> fail{*this, "fail", false, "Whether to fail for ccd 1"};
  In<Note> note{*this, "note"};
  Out<Note> copy{*this, "copy"};
  Metric<std::int64_t> length{*this, "length", "characters", "Length of the note"};
  Metric<double> half{*this, "half", "", "Half of the length"};

  Outcome run(Context& context) const override {
    if (*fail && context.id().integer("ccd") == 1) throw DataError("told to fail");
    std::string const text = context.get(note).text + *suffix;
    context.record(length, static_cast<std::int64_t>(text.size()));
    context.record(half, static_cast<double>(text.size()) / 2);
    context.put(copy, Note{text});
    return done;
  }
};

struct Twice final : Task {
  In<Note> copy{*this, "copy"};
  Out<Note> twice{*this, "twice"};
  Metric<std::int64_t> length{*this, "length", "characters", "Length of the note"};

  Outcome run(Context& context) const override {
    std::string const text = context.get(copy).text;
    context.record(length, static_cast<std::int64_t>(2 * text.size()));
    context.put(twice, Note{text + text});
    return done;
  }
};

/// All notes of a visit in one.
struct Join final : Task {
  GatherIn<Note> notes{*this, "twice"};
  Out<Note> joined{*this, "joined"};

  Outcome run(Context& context) const override {
    std::string text;
    for (Gathered<Note> const& note : context.get(notes))
      text += note.ok() ? note.get().text : "(none)";
    context.put(joined, Note{text});
    return done;
  }
};

struct List final : Task {
  In<Note> copy{*this, "copy"};
  Out<SourceCatalog> list{*this, "list"};
  Key<double> value;
  void prepare(Setup& setup) override {
    Schema schema = Schema::minimal_source();
    value = schema.add<double>("value", "ct", "A value");
    setup.declare(list, schema);
  }
  Outcome run(Context& context) const override {
    Schema schema = Schema::minimal_source();
    schema.add<double>("value", "ct", "A value");
    context.put(list, SourceCatalog(schema, context.get(copy).text.size()));
    return done;
  }
};

inline void write_catalog(SourceCatalog const& catalog, fs::path const& path,
                          Formatter::WriteRequest const&) {
  std::string text;
  for (Column const& column : catalog.schema().columns()) text += column.name + '\n';
  write_file(path, text);
}

/// Reads the names alone: enough to see that a stored schema is found.
inline SourceCatalog read_catalog(fs::path const& path, Formatter::ReadRequest const&) {
  Schema schema;
  std::istringstream text(read_file(path));
  for (std::string name; std::getline(text, name);) schema.add<double>(name, "", "");
  return SourceCatalog(schema);
}

constexpr char const* camera = R"toml(
[camera]
name         = "toy"
gen2_mappers = ["toy.Mapper"]
[data_id]
keys = [{ name = "visit", type = "int" }, { name = "ccd", type = "int" },
        { name = "filter", type = "str", values = ["g", "r", "i"] }]
roles = { exposure = "visit", visit = "visit", detector = "ccd", band = "filter" }
exposure_id = { value = "(visit*10 + ccd)*3 + index(filter)", bits = 30 }
[pipelines]
single_frame = "process_ccd.toml"
[detector.default]
size = [20, 10]
[detector.2]
name = "east"
[detector.1]
[constants]
speed = 3
)toml";

constexpr char const* datasets = R"(
[dataset.note]
product = "toy.Note/1"
keys    = ["visit", "ccd", "filter"]
path    = "{dateObs}/{visit:06d}-{ccd}.txt"
[dataset.optional]
product = "toy.Note/1"
keys    = ["visit"]
path    = "extra/{visit}.txt"
[dataset.doubled]
product = "toy.Note/1"
path    = "twice/{filter}/{visit:06d}-{ccd}.txt"
[dataset.flat]
lookup = "validity"
[dataset.summary]
product = "toy.Note/1"
keys    = ["visit"]
path    = "summary-{visit}.txt"
)";

constexpr char const* pipeline_text = R"(
schema = 1
steps  = ["copy", "twice"]
[task]
copy  = "toy/copy"
twice = "toy/twice"
[outputs]
copied  = "copy"
doubled = "twice"
)";

/// The plugins and an obs package `toy` in a directory that ALMAGEST_OBS_PATH names.
struct World {
  World() {
    write_file(directory.path() / "obs/obs_toy/camera.toml", camera);
    write_file(directory.path() / "obs/obs_toy/datasets.toml", datasets);
    ::setenv("ALMAGEST_OBS_PATH", (directory.path() / "obs").c_str(), 1);
    add_plugins();
  }
  /// Uses what another process has made.
  explicit World(fs::path const& made) : root(made / "data") {
    ::setenv("ALMAGEST_OBS_PATH", (made / "obs").c_str(), 1);
    add_plugins();
  }
  World(World const&) = delete;

  void make_gen2(int visits = 2) {
    fs::create_directories(root);
    write_file(root / "_mapper", "toy.Mapper\n");
    SQLite::Database database((root / "registry.sqlite3").string(),
                              SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec(
        "CREATE TABLE raw (id INTEGER PRIMARY KEY AUTOINCREMENT, visit INT, ccd INT, filter TEXT, "
        "dateObs TEXT, expTime DOUBLE, strip TEXT)");
    char const* const filters[] = {"r", "i", "g"};
    database.exec("BEGIN");
    for (int visit = 1; visit <= visits; ++visit)
      for (int ccd = 2; ccd >= 1; --ccd) {
        std::string const date = visit % 2 ? "2013-06-17" : "2013-06-18";
        database.exec("INSERT INTO raw (visit, ccd, filter, dateObs, expTime, strip) VALUES (" +
                      std::to_string(visit) + ", " + std::to_string(ccd) + ", '" +
                      filters[(visit + ccd) % 3] + "', '" + date + "', " +
                      std::to_string(10.5 * visit) + ", '82S     ')");
        char name[32];
        std::snprintf(name, sizeof name, "%06d-%d.txt", visit, ccd);
        write_file(root / date / name, "note " + std::to_string(10 * visit + ccd));
      }
    database.exec("COMMIT");
  }

  std::shared_ptr<Repository const> open(fs::path const& path = {}) const {
    return Repository::open(path.empty() ? root : path, plugins, {});
  }

  Directory directory;
  fs::path root = directory.path() / "data";
  PluginRegistry plugins;

 private:
  void add_plugins() {
    plugins.add("toy", [](Registrar& registrar) {
      registrar.product<Note>(
          "note", std::make_shared<FunctionFormatter<Note>>("txt", read_note, write_note));
      registrar.product<SourceCatalog>(
          "catalogue",
          std::make_shared<FunctionFormatter<SourceCatalog>>("fits", read_catalog, write_catalog));
      registrar.task<Copy>("copy", "");
      registrar.task<Twice>("twice", "");
      registrar.task<Join>("join", "");
      registrar.task<List>("list", "");
    });
  }
};

inline IdSelection selection(std::vector<std::vector<std::string>> const& groups) {
  IdSelection result;
  for (auto const& words : groups) result.groups.push_back(IdSelection::parse_group(words));
  return result;
}
inline IdSelection const everything{{IdSelection::Group{}}};

/// Quanta by state; prints itself when a test fails.
struct Counts : std::map<std::string, int> {
  using Base = std::map<std::string, int>;
  Counts(std::initializer_list<Base::value_type> list) : Base(list) {}
  Counts(Base base) : Base(std::move(base)) {}
  friend std::ostream& operator<<(std::ostream& out, Counts const& counts) {
    for (auto const& [state, count] : counts) out << state << ' ' << count << "; ";
    return out;
  }
};

/// A pipeline on a repository, run as the program does.
struct Run {
  Run(World const& world, fs::path const& repository_path, std::string const& text,
      std::vector<std::string> const& overrides = {}, std::vector<std::string> const& steps = {})
      : world_(world), repository(world.open(repository_path)) {
    Directory const files;
    write_file(files.path() / "p.toml", text);
    PipelineRequest request;
    request.name = (files.path() / "p.toml").string();
    for (std::string const& text_override : overrides)
      request.overrides.push_back({PipelineOverride::Kind::assignment, text_override});
    PipelineContext const context{world.plugins, repository->datasets(),
                                  repository->column_names()};
    whole = load_pipeline(request, context);
    request.steps = steps;
    pipeline = load_pipeline(request, context);
    auto const none = [](std::string const&) -> Schema const* { return nullptr; };
    auto const log = [this](std::string const&) -> Log& { return log_; };
    schemas = prepare_pipeline(whole, repository->instrument(), none, log);
    prepare_pipeline(pipeline, repository->instrument(), none, log);
  }

  std::unique_ptr<Rerun> claim(RerunRequest const& request) const {
    auto rerun = Rerun::open(repository, world_.plugins, request, whole, schemas);
    rerun->executing(pipeline);
    return rerun;
  }

  /// \returns how many quanta ran, by state
  Counts go(RerunRequest const& request, IdSelection const& ids = everything, int jobs = 2) const {
    auto const candidates = repository->select(pipeline.input_dataset, ids, {});
    auto const rerun = claim(request);
    RunPlan const plan =
        plan_run(pipeline, candidates, repository->instrument(),
                 [&](Output const& output, DataId const& id, std::vector<DataId> const& members) {
                   return rerun->stale(output, id, members);
                 });
    Counter counter(*rerun);
    ExecutorOptions options;
    options.jobs = jobs;
    RunSummary const summary =
        execute(pipeline, plan, repository->instrument(), *rerun, counter, options);
    if (!summary.observer_error.empty()) throw Error(summary.observer_error);
    rerun->finish();
    return counter.count;
  }

  struct Counter final : RunObserver {
    explicit Counter(Rerun& rerun) : rerun_(rerun) {}
    void unit_started(DataId const& id) override { rerun_.unit_started(id); }
    void unit_finished(DataId const& id, bool ok) override { rerun_.unit_finished(id, ok); }
    void quantum_finished(QuantumReport const& report) override {
      rerun_.quantum_finished(report);
      std::scoped_lock const lock(mutex);
      ++count[report.up_to_date ? "up to date" : to_string(report.state)];
    }
    Rerun& rerun_;
    std::mutex mutex;
    std::map<std::string, int> count;
  };
  struct Silence final : Log {
    void write(LogLevel, std::string_view) override {}
    bool enabled(LogLevel) const override { return false; }
  };

  World const& world_;
  mutable Silence log_;
  std::shared_ptr<Repository const> repository;
  Pipeline whole, pipeline;
  std::map<int, Schema> schemas;
};

/// The message of the exception that a call throws, or "".
template <class Exception = Error, class Call>
std::string message(Call const& call) {
  try {
    call();
  } catch (Exception const& e) {
    return e.what();
  }
  return {};
}

inline bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace toy

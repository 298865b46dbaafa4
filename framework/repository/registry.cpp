#include "repository/registry.hpp"

#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>

#include <array>
#include <ctime>

#include "repository/atomic_file.hpp"
#include "repository/registry_statements.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr int oldest_version = 1;

constexpr char const* tables = R"(
CREATE TABLE rerun (                     -- one named set of outputs, made with one configuration
  id                 INTEGER PRIMARY KEY,
  name               TEXT NOT NULL UNIQUE,      -- '' = the repository's own outputs
  directory          TEXT NOT NULL,             -- relative to this file's directory
  configuration_hash TEXT NOT NULL
) STRICT;
CREATE TABLE configuration (             -- what decides its products
  rerun INTEGER NOT NULL REFERENCES rerun ON DELETE CASCADE,
  key   TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (rerun, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE dataset_type (              -- what it stores
  rerun       INTEGER NOT NULL REFERENCES rerun ON DELETE CASCADE,
  name        TEXT NOT NULL,
  product     TEXT NOT NULL,
  keys        TEXT NOT NULL,                    -- separated by blanks
  path        TEXT NOT NULL,                    -- template
  schema_hash TEXT NOT NULL,                    -- of schema/NAME.fits, '' when there is none
  PRIMARY KEY (rerun, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE dataset (
  id                 INTEGER PRIMARY KEY,
  rerun              INTEGER NOT NULL REFERENCES rerun ON DELETE CASCADE,
  type               TEXT NOT NULL,
  data_id            TEXT NOT NULL,             -- JSON
  path               TEXT NOT NULL,             -- below the rerun's directory
  size               INTEGER NOT NULL,
  configuration_hash TEXT NOT NULL,
  provenance         TEXT NOT NULL,             -- hash of all that decides its content
  members            TEXT NOT NULL,             -- hash of a group's members, or ''
  task               TEXT NOT NULL,
  use                TEXT NOT NULL,
  version            TEXT NOT NULL,
  removed            INTEGER NOT NULL,          -- 1 = taken away on purpose
  UNIQUE (rerun, type, data_id)
) STRICT;
CREATE TABLE dataset_input (             -- what it was made from
  dataset  INTEGER NOT NULL REFERENCES dataset ON DELETE CASCADE,
  level    INTEGER NOT NULL,                    -- 0 = the rerun, 1 = its repository, …
  type     TEXT NOT NULL,
  data_id  TEXT NOT NULL,
  path     TEXT NOT NULL,
  checksum TEXT NOT NULL,                       -- '' = was absent
  PRIMARY KEY (dataset, level, type, data_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE quantum (                   -- one task applied to one data ID
  id                 INTEGER PRIMARY KEY,
  rerun              INTEGER NOT NULL REFERENCES rerun ON DELETE CASCADE,
  task               TEXT NOT NULL,
  use                TEXT NOT NULL,
  data_id            TEXT NOT NULL,
  state              TEXT NOT NULL,
  message            TEXT NOT NULL,
  configuration_hash TEXT NOT NULL,
  wall_s             REAL NOT NULL,
  cpu_s              REAL NOT NULL,
  finished           INTEGER NOT NULL,          -- seconds since 1970
  UNIQUE (rerun, data_id, task)
) STRICT;
CREATE TABLE quantum_metric (
  quantum INTEGER NOT NULL REFERENCES quantum ON DELETE CASCADE,
  place   INTEGER NOT NULL,
  name    TEXT NOT NULL,
  unit    TEXT NOT NULL,
  value   ANY NOT NULL,
  PRIMARY KEY (quantum, place)
) STRICT, WITHOUT ROWID;
CREATE TABLE file_checksum (             -- of inputs, as long as size and time of change are the same
  path        TEXT PRIMARY KEY,
  size        INTEGER NOT NULL,
  modified_ns INTEGER NOT NULL,
  checksum    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE process (                   -- that works on a rerun now
  rerun   INTEGER NOT NULL REFERENCES rerun ON DELETE CASCADE,
  host    TEXT NOT NULL,
  pid     INTEGER NOT NULL,
  started TEXT NOT NULL,                        -- tells processes of one number apart
  PRIMARY KEY (rerun, host, pid, started)
) STRICT, WITHOUT ROWID;
)";

/// Applies changes inside a transaction; statements are prepared when the first of a kind comes.
class Changes {
 public:
  Changes(SQLite::Database& database, std::int64_t rerun) : database_(database), rerun_(rerun) {}

  void operator()(DatasetRow const& row) {
    SQLite::Statement& insert = statement(
        0,
        "INSERT INTO dataset (rerun, type, data_id, path, size, configuration_hash, provenance, "
        "members, task, use, version, removed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) "
        "ON CONFLICT DO UPDATE SET path = excluded.path, size = excluded.size, "
        "configuration_hash = excluded.configuration_hash, provenance = excluded.provenance, "
        "members = excluded.members, task = excluded.task, use = excluded.use, "
        "version = excluded.version, removed = 0 RETURNING id");
    std::int64_t const dataset =
        id_of(insert, rerun_, row.type, row.data_id, row.path, row.size, row.configuration,
              row.provenance, row.members, row.task, row.use, row.version);
    execute(statement(1, "DELETE FROM dataset_input WHERE dataset = ?"), dataset);
    for (InputRow const& input : row.inputs)
      execute(statement(2, "INSERT OR REPLACE INTO dataset_input VALUES (?, ?, ?, ?, ?, ?)"),
              dataset, input.level, input.type, input.data_id, input.path, input.checksum);
  }
  void operator()(QuantumRow const& row) {
    SQLite::Statement& insert = statement(
        3,
        "INSERT INTO quantum (rerun, task, use, data_id, state, message, configuration_hash, "
        "wall_s, cpu_s, finished) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
        "use = excluded.use, state = excluded.state, message = excluded.message, "
        "configuration_hash = excluded.configuration_hash, wall_s = excluded.wall_s, "
        "cpu_s = excluded.cpu_s, finished = excluded.finished RETURNING id");
    std::int64_t const quantum =
        id_of(insert, rerun_, row.task, row.use, row.data_id, row.state, row.message,
              row.configuration, row.wall_s, row.cpu_s, static_cast<std::int64_t>(std::time({})));
    execute(statement(4, "DELETE FROM quantum_metric WHERE quantum = ?"), quantum);
    int place = 0;
    for (MetricRow const& metric : row.metrics)
      std::visit(
          [&](auto value) {
            execute(statement(5, "INSERT INTO quantum_metric VALUES (?, ?, ?, ?, ?)"), quantum,
                    place++, metric.name, metric.unit, value);
          },
          metric.value);
  }
  void operator()(ChecksumRow const& row) {
    execute(statement(6, "INSERT OR REPLACE INTO file_checksum VALUES (?, ?, ?, ?)"), row.path,
            row.size, row.modified_ns, row.checksum);
  }
  void operator()(SchemaWritten const& row) {
    execute(statement(7, "UPDATE dataset_type SET schema_hash = ? WHERE rerun = ? AND name = ?"),
            row.schema_hash, rerun_, row.type);
  }
  void operator()(DatasetForgotten const& row) {
    execute(statement(8, "DELETE FROM dataset WHERE rerun = ? AND type = ? AND data_id = ?"),
            rerun_, row.type, row.data_id);
  }
  void operator()(DatasetRemoved const& row) {
    execute(
        statement(9, "UPDATE dataset SET removed = 1 WHERE rerun = ? AND type = ? AND data_id = ?"),
        rerun_, row.type, row.data_id);
  }

 private:
  SQLite::Statement& statement(std::size_t kind, char const* sql) {
    auto& slot = statements_.at(kind);
    if (!slot) slot.emplace(database_, sql);
    return *slot;
  }
  template <class... Arguments>
  static std::int64_t id_of(SQLite::Statement& insert, Arguments const&... arguments) {
    insert.reset();
    bind_all(insert, arguments...);
    insert.executeStep();
    std::int64_t const id = insert.getColumn(0).getInt64();
    insert.reset();
    return id;
  }

  SQLite::Database& database_;
  std::int64_t rerun_;
  std::array<std::optional<SQLite::Statement>, 10> statements_;
};

}  // namespace

void Registry::create(fs::path const& path, FrameTablesOf const* frames) {
  if (fs::exists(path)) return;
  AtomicFile file(path);
  try {
    SQLite::Database database(file.temporary().string(),
                              SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN");
    database.exec(tables);
    if (frames) make_frame_tables(database, *frames);
    database.exec(fmt::format("PRAGMA user_version = {}; COMMIT", registry_version));
    if (is_on_local_file_system(path.parent_path())) database.exec("PRAGMA journal_mode = WAL");
  } catch (SQLite::Exception const& error) {
    throw DataError(path.string() + ": " + error.what());
  }
  file.commit_if_absent();
  flush_directory(path.parent_path());
}

Registry::Registry(fs::path path) : path_(std::move(path)), database_(open_read_write(path_)) {
  int const version =
      while_busy(path_, [&] { return database_->execAndGet("PRAGMA user_version").getInt(); });
  if (version < oldest_version || version > registry_version)
    throw DataError(
        fmt::format("{}: this registry has version {}, this program reads versions {} "
                    "to {}",
                    path_.string(), version, oldest_version, registry_version));
}

Registry::~Registry() = default;

void Registry::commit(std::int64_t rerun, std::span<RegistryChange const> changes) {
  std::scoped_lock const lock(mutex_);
  while_busy(path_, [&] {
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    Changes apply(*database_, rerun);
    for (RegistryChange const& change : changes) std::visit(apply, change);
    transaction.commit();
  });
}

std::optional<DatasetRow> Registry::find_dataset(std::int64_t rerun, std::string const& type,
                                                 std::string const& data_id) const {
  std::scoped_lock const lock(mutex_);
  return while_busy(path_, [&]() -> std::optional<DatasetRow> {
    SQLite::Statement query(*database_,
                            "SELECT id, path, size, configuration_hash, provenance, members, task, "
                            "use, version, removed FROM dataset WHERE rerun = ? AND type = ? AND "
                            "data_id = ?");
    bind_all(query, rerun, type, data_id);
    if (!query.executeStep()) return std::nullopt;
    DatasetRow row;
    row.type = type;
    row.data_id = data_id;
    std::int64_t const id = query.getColumn(0).getInt64();
    row.path = query.getColumn(1).getString();
    row.size = query.getColumn(2).getInt64();
    row.configuration = query.getColumn(3).getString();
    row.provenance = query.getColumn(4).getString();
    row.members = query.getColumn(5).getString();
    row.task = query.getColumn(6).getString();
    row.use = query.getColumn(7).getString();
    row.version = query.getColumn(8).getString();
    row.removed = query.getColumn(9).getInt() != 0;
    SQLite::Statement inputs(
        *database_,
        "SELECT level, type, data_id, path, checksum FROM dataset_input WHERE dataset = ?");
    bind_all(inputs, id);
    while (inputs.executeStep())
      row.inputs.push_back({inputs.getColumn(0).getInt(), inputs.getColumn(1).getString(),
                            inputs.getColumn(2).getString(), inputs.getColumn(3).getString(),
                            inputs.getColumn(4).getString()});
    return row;
  });
}

std::map<std::string, std::vector<MetricRow>> Registry::metrics(
    std::int64_t rerun, std::string const& data_id, std::string const& configuration) const {
  std::scoped_lock const lock(mutex_);
  return while_busy(path_, [&] {
    std::map<std::string, std::vector<MetricRow>> result;
    SQLite::Statement query(
        *database_,
        "SELECT task, name, unit, value FROM quantum JOIN quantum_metric ON quantum = id WHERE "
        "rerun = ? AND data_id = ? AND state = 'ok' AND configuration_hash = ? ORDER BY id, place");
    bind_all(query, rerun, data_id, configuration);
    while (query.executeStep()) {
      MetricRow metric{query.getColumn(1).getString(), query.getColumn(2).getString(), {}};
      if (SQLite::Column const value = query.getColumn(3); value.isInteger())
        metric.value = std::int64_t{value.getInt64()};
      else
        metric.value = value.getDouble();
      result[query.getColumn(0).getString()].push_back(std::move(metric));
    }
    return result;
  });
}

std::optional<ChecksumRow> Registry::find_checksum(std::string const& path) const {
  std::scoped_lock const lock(mutex_);
  return while_busy(path_, [&]() -> std::optional<ChecksumRow> {
    SQLite::Statement query(*database_,
                            "SELECT size, modified_ns, checksum FROM file_checksum WHERE path = ?");
    bind_all(query, path);
    if (!query.executeStep()) return std::nullopt;
    return ChecksumRow{path, query.getColumn(0).getInt64(), query.getColumn(1).getInt64(),
                       query.getColumn(2).getString()};
  });
}

}  // namespace almagest

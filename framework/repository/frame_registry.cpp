#include "repository/frame_registry.hpp"

#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ctime>
#include <type_traits>

#include "repository/atomic_file.hpp"
#include "repository/registry_statements.hpp"

namespace almagest {
namespace {

constexpr char const* known_frame =
    "SELECT raw.id, path, source, mode, size, modified_ns, checksum FROM {} WHERE {}";
constexpr char const* all_frames = "raw LEFT JOIN raw_file ON raw_file.id = raw.id";
constexpr char const* with_file = "raw_file JOIN raw ON raw_file.id = raw.id";

/// `"a", "b"` and `?, ?` for an INSERT.
struct ColumnList {
  std::string names, marks;
  void add(std::string const& name) {
    names += (names.empty() ? "" : ", ") + sql_identifier(name);
    marks += marks.empty() ? "?" : ", ?";
  }
};

std::string keys_condition(std::vector<DataIdKey> const& keys) {
  std::string condition;
  for (DataIdKey const& key : keys)
    condition += (condition.empty() ? "raw." : " AND raw.") + sql_identifier(key.name) + " = ?";
  return condition;
}

/// The positions of the columns that a table has.
std::vector<std::size_t> present(std::vector<std::string> const& table,
                                 std::vector<FrameColumn> const& columns) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (std::ranges::find(table, columns[i].name) != table.end()) places.push_back(i);
  return places;
}

std::optional<KnownFrame> read_known(SQLite::Statement& query) {
  std::optional<KnownFrame> known;
  if (query.executeStep()) {
    known.emplace();
    known->row = query.getColumn(0).getInt64();
    if (!query.getColumn(1).isNull())
      known->file = FrameFile{query.getColumn(1).getString(), query.getColumn(2).getString(),
                              query.getColumn(3).getString(), query.getColumn(4).getInt64(),
                              query.getColumn(5).getInt64(),  query.getColumn(6).getString()};
  }
  query.reset();
  return known;
}

}  // namespace

void bind_value(SQLite::Statement& statement, int index, std::optional<Value> const& value) {
  if (!value) {
    statement.bind(index);
    return;
  }
  std::visit(
      [&](auto const& v) {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, bool>)
          statement.bind(index, v ? 1 : 0);
        else
          statement.bind(index, v);
      },
      *value);
}

void create_gen2_registry(std::filesystem::path const& path, FrameTablesOf const& of) {
  if (std::filesystem::exists(path)) return;
  AtomicFile file(path);
  try {
    SQLite::Database database(file.temporary().string(),
                              SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN");
    make_frame_tables(database, of);
    database.exec("COMMIT");
  } catch (SQLite::Exception const& error) {
    throw DataError(path.string() + ": " + error.what());
  }
  file.commit_if_absent();
  flush_directory(path.parent_path());
}

struct FrameRegistry::Statements {
  Statements(SQLite::Database& database, FrameTablesOf const& of)
      : find(database, fmt::format(known_frame, all_frames, keys_condition(of.keys))),
        find_source(database,
                    fmt::format(known_frame, with_file, "source = ?") + " ORDER BY raw.id LIMIT 1"),
        find_path(database, fmt::format(known_frame, with_file, "path = ?")),
        quarantine(database, "INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?)"),
        release(database, "DELETE FROM quarantine WHERE source = ?"),
        raw_columns(present(table_columns(database, "raw"), of.storage.raw)) {
    ColumnList raw;
    std::string assignments;
    for (std::size_t const i : raw_columns) {
      raw.add(of.storage.raw[i].name);
      assignments +=
          (assignments.empty() ? "" : ", ") + sql_identifier(of.storage.raw[i].name) + " = ?";
    }
    insert_raw.emplace(database,
                       fmt::format("INSERT INTO raw ({}) VALUES ({})", raw.names, raw.marks));
    update_raw.emplace(database, fmt::format("UPDATE raw SET {} WHERE id = ?", assignments));

    ColumnList file;
    file.add("id");
    for (char const* name : file_bookkeeping) file.add(name);
    for (FileProperty const& property : file_properties) file.add(property.name);
    insert_file.emplace(database, fmt::format("INSERT OR REPLACE INTO raw_file ({}) VALUES ({})",
                                              file.names, file.marks));
    prepare_visit(database, of);
  }

  void prepare_visit(SQLite::Database& database, FrameTablesOf const& of) {
    std::vector<std::string> const known = table_columns(database, "raw_visit");
    ColumnList visit;
    for (std::string const& name : of.storage.visit)
      if (std::ranges::find(known, name) != known.end()) {
        visit.add(name);
        visit_columns.push_back(
            static_cast<std::size_t>(of.storage.find(name) - &of.storage.raw[0]));
      }
    if (visit_columns.empty()) return;
    insert_visit.emplace(
        database,
        fmt::format("INSERT INTO raw_visit ({}) SELECT {} WHERE NOT EXISTS (SELECT 1 FROM "
                    "raw_visit WHERE {} = ?)",
                    visit.names, visit.marks,
                    sql_identifier(of.storage.raw[visit_columns.front()].name)));
  }

  SQLite::Statement find, find_source, find_path, quarantine, release;
  std::vector<std::size_t> raw_columns, visit_columns;  // places in FrameStorage::raw
  std::optional<SQLite::Statement> insert_raw, update_raw, insert_file, insert_visit;
};

FrameRegistry::FrameRegistry(std::filesystem::path path, FrameTablesOf const& of)
    : path_(std::move(path)), database_(open_read_write(path_)) {
  while_busy(path_, [&] {
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    int const version = database_->execAndGet("PRAGMA user_version").getInt();
    if (version > registry_version)
      throw DataError(
          fmt::format("{}: this registry has version {}, this program writes version {}",
                      path_.string(), version, registry_version));
    make_frame_tables(*database_, of);
    if (version != 0)  // 0: LSST's middleware knows no versions
      database_->exec(fmt::format("PRAGMA user_version = {}", registry_version));
    transaction.commit();
  });
  while_busy(path_, [&] { statements_ = std::make_unique<Statements>(*database_, of); });
}

FrameRegistry::~FrameRegistry() = default;

std::optional<KnownFrame> FrameRegistry::find(DataId const& id) {
  return while_busy(path_, [&] {
    statements_->find.reset();
    int index = 0;
    for (auto const& [key, value] : id.items()) bind_value(statements_->find, ++index, value);
    return read_known(statements_->find);
  });
}

std::optional<KnownFrame> FrameRegistry::find_source(std::string const& source) {
  return while_busy(path_, [&] {
    statements_->find_source.reset();
    bind_all(statements_->find_source, source);
    return read_known(statements_->find_source);
  });
}

std::optional<KnownFrame> FrameRegistry::find_path(std::string const& path) {
  return while_busy(path_, [&] {
    statements_->find_path.reset();
    bind_all(statements_->find_path, path);
    return read_known(statements_->find_path);
  });
}

std::optional<KnownFrame> FrameRegistry::enter(FrameRow const& frame) {
  Statements& to = *statements_;
  auto known = find(frame.id);
  if (known && known->file && !frame.replace) return known;
  if (auto const there = find_path(frame.file.path); there && (!known || there->row != known->row))
    return there;

  auto const bind_columns = [&](SQLite::Statement& statement,
                                std::vector<std::size_t> const& columns) {
    statement.reset();
    int index = 0;
    for (std::size_t const i : columns) bind_value(statement, ++index, frame.columns[i]);
    return index;
  };
  std::int64_t row = 0;
  if (!known) {
    bind_columns(*to.insert_raw, to.raw_columns);
    to.insert_raw->exec();
    row = database_->getLastInsertRowid();
  } else {
    row = known->row;
    if (frame.replace) {
      int const index = bind_columns(*to.update_raw, to.raw_columns);
      to.update_raw->bind(index + 1, row);
      to.update_raw->exec();
    }
  }
  if (to.insert_visit && frame.columns[to.visit_columns.front()]) {
    int const index = bind_columns(*to.insert_visit, to.visit_columns);
    bind_value(*to.insert_visit, index + 1, frame.columns[to.visit_columns.front()]);
    to.insert_visit->exec();
  }
  FrameFile const& file = frame.file;
  to.insert_file->reset();
  bind_all(*to.insert_file, row, file.path, file.source, file.mode, file.size, file.modified_ns,
           file.checksum);
  int index = 1 + static_cast<int>(file_bookkeeping.size());
  for (auto const& property : frame.properties) bind_value(*to.insert_file, ++index, property);
  to.insert_file->exec();
  execute(to.release, file.source);
  return std::nullopt;
}

std::vector<std::optional<KnownFrame>> FrameRegistry::enter(
    std::span<FrameRow const> frames, std::span<QuarantinedFile const> quarantined) {
  return while_busy(path_, [&] {
    std::vector<std::optional<KnownFrame>> before_us;
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    for (FrameRow const& frame : frames) before_us.push_back(enter(frame));
    for (QuarantinedFile const& file : quarantined)
      execute(statements_->quarantine, file.source, file.reason,
              static_cast<std::int64_t>(std::time({})));
    transaction.commit();
    return before_us;
  });
}

}  // namespace almagest

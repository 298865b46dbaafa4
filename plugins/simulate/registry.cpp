#include "registry.hpp"

#include <sqlite3.h>

#include <fstream>
#include <memory>

#include "almagest/error.hpp"

namespace simulate {

using almagest::DataError;

namespace {

using Database = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;
using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

Database open(std::filesystem::path const& path) {
  sqlite3* handle = nullptr;
  int const status =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Database database(handle, &sqlite3_close);
  if (status != SQLITE_OK) throw DataError("cannot create " + path.string());
  return database;
}

void execute(sqlite3* database, char const* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    throw DataError(std::string("registry.sqlite3: ") + sqlite3_errmsg(database));
}

void insert_raw(sqlite3* database, FieldDescription const& field, std::string const& filter) {
  sqlite3_stmt* handle = nullptr;
  sqlite3_prepare_v2(database,
                     "INSERT INTO raw (run, rerun, filter, camcol, field, taiObs, strip) "
                     "VALUES (?, ?, ?, ?, ?, ?, 'S')",
                     -1, &handle, nullptr);
  Statement const statement(handle, &sqlite3_finalize);
  CalendarDate const date = calendar_date(field.mjd_of(filter_index(filter)));
  std::string const time = date.day + "T" + date.time;
  sqlite3_bind_int64(handle, 1, field.run);
  sqlite3_bind_int64(handle, 2, field.rerun);
  sqlite3_bind_text(handle, 3, filter.c_str(), -1, SQLITE_TRANSIENT);
  sqlite3_bind_int64(handle, 4, field.camcol);
  sqlite3_bind_int64(handle, 5, field.field);
  sqlite3_bind_text(handle, 6, time.c_str(), -1, SQLITE_TRANSIENT);
  if (sqlite3_step(handle) != SQLITE_DONE)
    throw DataError(std::string("registry.sqlite3: ") + sqlite3_errmsg(database));
}

}  // namespace

void write_gen2_registry(std::filesystem::path const& repository, FieldDescription const& field,
                         std::vector<std::string> const& filters) {
  std::ofstream mapper(repository / "_mapper");
  mapper << "lsst.obs.sdss.sdssMapper.SdssMapper\n";
  mapper.close();
  if (!mapper) throw DataError("cannot write " + (repository / "_mapper").string());

  Database const database = open(repository / "registry.sqlite3");
  // No journal: the whole repository is renamed into place when it is complete.
  execute(database.get(), "PRAGMA journal_mode = OFF");
  execute(database.get(),
          "BEGIN; CREATE TABLE raw (id INTEGER PRIMARY KEY AUTOINCREMENT, run INT, rerun INT, "
          "filter TEXT, camcol INT, field INT, taiObs TEXT, strip TEXT); "
          "CREATE UNIQUE INDEX uq_raw ON raw (run, filter, camcol, field)");
  for (std::string const& filter : filters) insert_raw(database.get(), field, filter);
  execute(database.get(), "COMMIT");
}

}  // namespace simulate

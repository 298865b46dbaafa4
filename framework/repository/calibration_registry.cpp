#include "repository/calibration_registry.hpp"

#include <SQLiteCpp/Transaction.h>

#include <ctime>

#include "repository/json.hpp"
#include "repository/registry_statements.hpp"

namespace almagest {

CalibrationRegistry::CalibrationRegistry(std::filesystem::path path, FrameTablesOf const& of)
    : path_(std::move(path)) {
  FrameRegistry(path_, of);  // makes the tables
  database_ = open_read_write(path_);
}

CalibrationRegistry::~CalibrationRegistry() = default;

std::vector<CalibrationRow> CalibrationRegistry::select(std::string const& condition,
                                                        std::vector<std::string> const& values) {
  return while_busy(path_, [&] {
    std::vector<CalibrationRow> rows;
    SQLite::Statement query(*database_,
                            "SELECT type, keys, calibDate, validStart, validEnd, path, source, "
                            "mode, size, modified_ns, checksum FROM calib WHERE " +
                                condition + " ORDER BY validStart");
    for (std::size_t i = 0; i < values.size(); ++i) query.bind(static_cast<int>(i) + 1, values[i]);
    while (query.executeStep()) {
      CalibrationRow& row = rows.emplace_back();
      row.type = query.getColumn(0).getString();
      row.calibration.keys = data_id_of_json(query.getColumn(1).getString());
      row.calibration.calib_date = query.getColumn(2).getString();
      row.calibration.valid_start = query.getColumn(3).getString();
      if (!query.getColumn(4).isNull()) row.calibration.valid_end = query.getColumn(4).getString();
      row.file = {query.getColumn(5).getString(), query.getColumn(6).getString(),
                  query.getColumn(7).getString(), query.getColumn(8).getInt64(),
                  query.getColumn(9).getInt64(),  query.getColumn(10).getString()};
    }
    return rows;
  });
}

std::vector<CalibrationRow> CalibrationRegistry::find_source(std::string const& source) {
  return select("source = ?", {source});
}

std::optional<CalibrationRow> CalibrationRegistry::find_overlap(
    std::vector<CalibrationRow> const& rows) {
  for (CalibrationRow const& row : rows)
    for (CalibrationRow& there :
         select("type = ? AND keys = ?", {row.type, json_text(row.calibration.keys)}))
      if (overlap(row.calibration, there.calibration)) return std::move(there);
  return std::nullopt;
}

std::optional<CalibrationRow> CalibrationRegistry::enter(std::vector<CalibrationRow> const& rows) {
  return while_busy(path_, [&]() -> std::optional<CalibrationRow> {
    SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
    if (auto there = find_overlap(rows)) return there;
    SQLite::Statement insert(
        *database_,
        "INSERT INTO calib (type, keys, calibDate, validStart, validEnd, path, source, mode, size, "
        "modified_ns, checksum) VALUES (?, ?, ?, ?, NULLIF(?, ''), ?, ?, ?, ?, ?, ?)");
    SQLite::Statement release(*database_, "DELETE FROM quarantine WHERE source = ?");
    for (CalibrationRow const& row : rows) {
      Calibration const& calibration = row.calibration;
      execute(insert, row.type, json_text(calibration.keys), calibration.calib_date,
              calibration.valid_start, calibration.valid_end, row.file.path, row.file.source,
              row.file.mode, row.file.size, row.file.modified_ns, row.file.checksum);
      execute(release, row.file.source);
    }
    transaction.commit();
    return std::nullopt;
  });
}

void CalibrationRegistry::quarantine(QuarantinedFile const& file) {
  while_busy(path_, [&] {
    SQLite::Statement insert(*database_, "INSERT OR REPLACE INTO quarantine VALUES (?, ?, ?)");
    execute(insert, file.source, file.reason, static_cast<std::int64_t>(std::time({})));
  });
}

}  // namespace almagest

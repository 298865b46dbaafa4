#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "repository/calibration_index.hpp"
#include "repository/file_placement.hpp"
#include "repository/frame_registry.hpp"

namespace almagest {

/// A calibration to be entered, or as it is entered.
struct CalibrationRow {
  std::string type;
  Calibration calibration;  ///< without its file
  FrameFile file;
};

/// The table `calib`, opened for writing by one thread; other processes may write, too.
class CalibrationRegistry {
 public:
  /// Makes the tables that are missing. \throws DataError naming the file
  CalibrationRegistry(std::filesystem::path path, FrameTablesOf const& of);
  ~CalibrationRegistry();

  /// Everything that was ingested from a file.
  std::vector<CalibrationRow> find_source(std::string const& source);
  /// The first row in which one of these calibrations overlaps what is there.
  std::optional<CalibrationRow> find_overlap(std::vector<CalibrationRow> const& rows);
  /// Enters all, or none and says what they overlap.
  std::optional<CalibrationRow> enter(std::vector<CalibrationRow> const& rows);
  void quarantine(QuarantinedFile const& file);

 private:
  std::vector<CalibrationRow> select(std::string const& condition,
                                     std::vector<std::string> const& values);

  std::filesystem::path path_;
  std::unique_ptr<SQLite::Database> database_;
};

}  // namespace almagest

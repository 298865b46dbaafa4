#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "almagest/data_id.hpp"
#include "engine/dataset_type.hpp"
#include "repository/database.hpp"

namespace almagest {

/// Where calibrations stand below a repository; their types' paths begin there.
inline constexpr char const* calibration_directory = "CALIB";
/// LSST's Gen2 registry of calibrations, in that directory.
inline constexpr char const* gen2_calibrations_name = "calibRegistry.sqlite3";
/// In a data ID: the date for which a calibration was looked up.
inline constexpr char const* valid_on_key = "valid_on";

/// A calibration that is known: a file, what it is of, and the days on which it holds.
struct Calibration {
  DataId keys;  ///< {ccd=50, filter=HSC-I}; what it does not name does not matter
  std::string calib_date;
  std::string valid_start;  ///< first day, YYYY-MM-DD
  std::string valid_end;    ///< last day; "" = until the next one of the same keys begins
  std::filesystem::path file;

  /// `ccd=50 filter=HSC-I 2013-06-01..2013-07-01`
  std::string str() const;
};

/// Two calibrations of the same keys for the same days; open ends last until the next begins.
bool overlap(Calibration const& a, Calibration const& b) noexcept;

/// The calibrations of one repository, or of a directory that `--calib` gives: from the table
/// `calib` of a registry, and from Gen2's calibRegistry.sqlite3, which has a table per type with
/// the columns of its keys, calibDate, validStart and validEnd. Serves many threads.
class CalibrationIndex {
 public:
  /// \param root  of a repository
  static CalibrationIndex of_repository(std::filesystem::path const& root);
  /// \param directory  a Gen2 directory, a repository, or a repository's CALIB
  static CalibrationIndex of_directory(std::filesystem::path const& directory);

  /// What a key of a data ID is really called: the column behind a role.
  using ColumnOf = std::function<std::string(std::string const& key)>;

  /// The one that holds for these keys on a date, or none.
  /// \throws DataError with both when there are two; DataError for a registry that cannot be read
  std::optional<Calibration> find(DatasetType const& type, DataId const& keys,
                                  std::string const& date, ColumnOf const& column_of) const;
  /// Everything of a type, by keys and date.
  std::vector<Calibration> const& all(DatasetType const& type) const;
  /// What is known of a type, for messages: those of the same keys first.
  std::string known(DatasetType const& type, DataId const& keys, ColumnOf const& column_of) const;

 private:
  struct Source {
    std::filesystem::path registry;
    std::filesystem::path base;  ///< where paths begin
    bool gen2 = false;
  };
  void add(Source source);
  static void read(ReadConnection const& registry, Source const& source, DatasetType const& type,
                   std::vector<Calibration>& found);

  std::vector<Source> sources_;
  struct Cache {
    std::mutex mutex;
    std::map<std::string, std::vector<Calibration>> types;
  };
  std::shared_ptr<Cache> cache_ = std::make_shared<Cache>();
};

}  // namespace almagest

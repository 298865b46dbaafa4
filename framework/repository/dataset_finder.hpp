#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/product.hpp"
#include "repository/calibration_index.hpp"
#include "repository/opened_repository.hpp"
#include "repository/path_template.hpp"
#include "repository/reference_catalogs.hpp"

namespace almagest {

/// How the datasets of one type are named in one directory.
struct DatasetNaming {
  std::vector<std::string> keys;
  PathTemplate path;
};

/// A dataset's place, whether a file is there or not.
struct DatasetPlace {
  int level = 0;               ///< 0 = the rerun, 1 = its repository, 2 = that one's parent, …
  DataId id;                   ///< of the type's keys
  std::filesystem::path path;  ///< below the level's directory
  std::filesystem::path file;
};

/// Hears of every file of a reference catalogue that a task has asked for, before it is read; also
/// of those that do not exist.
using ShardObserver = std::function<void(DatasetPlace const& shard)>;

/// Finds datasets from data IDs: first in the rerun, then in its repository and that one's parents.
/// Only a type's own keys count: a per-visit dataset is found from a detector's data ID. A
/// reference catalogue (`lookup = "sky"`) has none: its place is the directory of its shards. A
/// calibration (`lookup = "validity"`) is the one that holds on the day of the exposure; as an
/// output of a rerun it is an ordinary dataset. With `lookup = "instrument"` it is a file of the
/// obs package, unless a calibration of this type was ingested that holds.
class DatasetFinder {
 public:
  /// \param rerun  directory looked at first, with the types stored there; none: begin with the
  /// repository
  DatasetFinder(OpenedRepository const& repository, std::filesystem::path const& rerun,
                std::map<std::string, StoredTypeRow> rerun_types);
  /// For a rerun whose types are known only after it has been claimed.
  void set_rerun_types(std::vector<StoredTypeRow> const& types);

  /// Where the file is; none when there is none.
  /// \param product_id  decides the ending of a path that nobody declared
  /// \throws NotFoundError for a type that is known nowhere, with the known ones; DataError when a
  /// key's value or the exposure's date is not known, or two calibrations hold; ConfigError when
  /// several reference catalogues could be meant
  std::optional<DatasetPlace> find(std::string const& dataset, std::string const& product_id,
                                   DataId const& id) const;
  /// \throws NotFoundError with the paths that were tried or the calibrations that are known, but
  /// not the data ID
  DatasetPlace require(std::string const& dataset, std::string const& product_id,
                       DataId const& id) const;
  /// Where it would be in the oldest repository: what is recorded of an absent input. The path of a
  /// calibration is empty then.
  DatasetPlace last_place(std::string const& dataset, std::string const& product_id,
                          DataId const& id) const;
  DatasetPlace place(DatasetNaming const& naming, int level, std::string const& dataset,
                     DataId const& id) const;

  /// \throws ProductError when the product has no formatter, and for a reference catalogue; what
  /// the formatter throws
  AnyProduct read(DatasetPlace const& place, std::string const& product_id, DataId const& id,
                  std::optional<Box> const& box) const;
  /// Whether which file a dataset is depends on the exposure's date.
  bool is_dated(std::string const& dataset) const;
  /// Whether a dataset is a reference catalogue.
  bool is_sky(std::string const& dataset) const;
  /// A handle that tells which shards are asked for.
  /// \throws DataError naming the directory when it cannot be listed or has not one level of shards
  AnyProduct reference_catalog(DatasetPlace const& place, ShardObserver observer) const;

  /// How a type is declared, or named by default; none when it is declared nowhere. Calibrations
  /// and files of the instrument: how a rerun names them.
  std::optional<DatasetNaming> declared(std::string const& dataset,
                                        std::string const& product_id) const;
  /// The naming by `{dataset}/{keys}.{ext}`. \throws ProductError when the product has no formatter
  static std::string default_path(std::string const& dataset, std::string const& product_id,
                                  PluginRegistry const& plugins);

  std::filesystem::path const& directory(int level) const {
    return levels_.at(static_cast<std::size_t>(level)).directory;
  }
  int level_count() const noexcept { return static_cast<int>(levels_.size()); }

 private:
  struct Level {
    std::filesystem::path directory;
    std::map<std::string, StoredTypeRow> types;  ///< as stored there
    CalibrationIndex const* calibrations = nullptr;
  };
  DatasetType const* type_of(std::string const& dataset) const;
  std::optional<DatasetPlace> place_at(int level, std::string const& dataset,
                                       std::string const& product_id, DataId const& id) const;
  std::optional<DatasetPlace> raw_place(int level, DataId const& id) const;
  std::optional<DatasetPlace> calibration_place(int level, DatasetType const& type,
                                                DataId const& id) const;
  DatasetPlace instrument_place(int level, DatasetType const& type, DataId const& id) const;
  [[noreturn]] void complain_of_calibration(DatasetType const& type, DataId const& id,
                                            std::vector<DatasetPlace> const& tried) const;
  std::string column_of(std::string const& key) const;
  /// The day of the exposure; "" when it is not known.
  std::string date_of(DataId const& id) const;
  /// The type's keys of a data ID, and the day of the exposure. \throws DataError
  DataId dated_id(DatasetType const& type, DataId const& id) const;
  std::vector<DatasetPlace> places(std::string const& dataset, std::string const& product_id,
                                   DataId const& id) const;
  /// The place where something is; none when nothing is there.
  std::optional<DatasetPlace> existing(DatasetPlace place, std::string const& dataset) const;
  std::optional<DatasetNaming> naming(Level const& level, std::string const& dataset,
                                      std::string const& product_id) const;

  OpenedRepository const& repository_;
  std::vector<Level> levels_;
  std::shared_ptr<ReferenceCatalogs> catalogs_ = std::make_shared<ReferenceCatalogs>();
};

/// Whether a file is there.
bool file_exists(std::filesystem::path const& path) noexcept;

}  // namespace almagest

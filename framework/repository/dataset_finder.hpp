#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/product.hpp"
#include "repository/opened_repository.hpp"
#include "repository/path_template.hpp"

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

/// Finds datasets from data IDs: first in the rerun, then in its repository and that one's parents.
/// Only a type's own keys count: a per-visit dataset is found from a detector's data ID.
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
  /// key's value is not known
  std::optional<DatasetPlace> find(std::string const& dataset, std::string const& product_id,
                                   DataId const& id) const;
  /// \throws NotFoundError with the paths that were tried
  DatasetPlace require(std::string const& dataset, std::string const& product_id,
                       DataId const& id) const;
  /// Where it would be in the oldest repository: what is recorded of an absent input.
  DatasetPlace last_place(std::string const& dataset, std::string const& product_id,
                          DataId const& id) const;
  DatasetPlace place(DatasetNaming const& naming, int level, std::string const& dataset,
                     DataId const& id) const;

  /// \throws ProductError when the product has no formatter; what the formatter throws
  AnyProduct read(DatasetPlace const& place, std::string const& product_id, DataId const& id,
                  std::optional<Box> const& box) const;

  /// How a type is declared, or named by default; none when it is declared nowhere.
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
  };
  std::vector<DatasetPlace> places(std::string const& dataset, std::string const& product_id,
                                   DataId const& id) const;
  std::optional<DatasetNaming> naming(Level const& level, std::string const& dataset,
                                      std::string const& product_id) const;

  OpenedRepository const& repository_;
  std::vector<Level> levels_;
};

/// Whether a file is there.
bool file_exists(std::filesystem::path const& path) noexcept;

}  // namespace almagest

#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/dataset_type.hpp"
#include "repository/sharded_catalog.hpp"

namespace almagest {

/// Where reference catalogues stand below a repository: one by itself, or each in a directory of
/// its own.
inline constexpr char const* reference_catalog_directory = "ref_cats";

/// The reference catalogues of a run, each listed once, with one cache for all. Serves many
/// threads.
class ReferenceCatalogs {
 public:
  /// \throws as ShardedCatalog's constructor
  std::shared_ptr<ShardedCatalog const> at(std::filesystem::path const& directory);

 private:
  static constexpr std::size_t most_cached_bytes = std::size_t{64} << 20;

  std::shared_ptr<ShardCache> cache_ = std::make_shared<ShardCache>(most_cached_bytes);
  std::mutex mutex_;
  std::map<std::filesystem::path, std::shared_ptr<ShardedCatalog const>> catalogs_;
};

/// The handle that tasks are given.
/// \param observer  hears of every shard that is asked for, as ShardedCatalog::load() says; it may
///                  be called by several threads, as long as there is a copy of the handle
ReferenceCatalog reference_catalog(std::shared_ptr<ShardedCatalog const> catalog,
                                   ShardedCatalog::Observer observer);

/// Which directory a dataset's path means: itself when it holds shards ("."), or its only
/// sub-directory that does. None when there is no catalogue.
/// \throws ConfigError when there are several, with their names and how to choose
std::optional<std::filesystem::path> catalog_in(std::filesystem::path const& directory,
                                                std::string const& dataset);

/// Adds a dataset type for each catalogue in a directory of its own below a repository, so that a
/// pipeline can choose one by its name. Types that are known stay as they are.
void add_reference_catalogs(std::filesystem::path const& root, DatasetTypes& types);

}  // namespace almagest

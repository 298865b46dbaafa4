#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "almagest/reference_catalog.hpp"
#include "repository/shard_cache.hpp"
#include "repository/space_motion.hpp"

namespace almagest {

/// A directory of shards, one per HTM triangle: `189584.fits` or `NAME_189584_refcats.fits`.
/// Other files in it are left alone. Serves many threads.
class ShardedCatalog {
 public:
  /// Looks at the names only: the ids tell the level.
  /// \throws DataError naming the directory when it cannot be read, has no shards, two of one id,
  /// or some of different levels
  ShardedCatalog(std::filesystem::path directory, std::shared_ptr<ShardCache> cache);

  /// Hears of every shard that a region may need before it is read, also of those that do not
  /// exist, by its id and the name that its file has or would have.
  using Observer = std::function<void(std::int64_t id, std::string const& file)>;
  /// Triangles without a shard have no objects, unless none of the region's has one.
  ///
  /// An object is in the region when it is at the epoch asked for; one that comes from a triangle
  /// which the region does not touch is missing. Without a band the objects have no fluxes.
  /// \throws as ReferenceSource::load()
  ReferenceObjects load(ReferenceRequest const& request, Observer const& observer) const;
  std::vector<std::string> bands() const;

  std::filesystem::path const& directory() const noexcept { return directory_; }
  int level() const noexcept { return level_; }

 private:
  std::string file_of(std::int64_t id) const;
  [[noreturn]] void complain_of_region(SkyCircle const& region,
                                       std::vector<std::int64_t> const& cover) const;
  void append(std::filesystem::path const& file, ReferenceRequest const& request,
              SpaceMotion const& motion, ReferenceObjects& result) const;

  std::filesystem::path directory_;
  std::shared_ptr<ShardCache> cache_;
  std::map<std::int64_t, std::string> files_;  // by HTM id
  int level_ = 0;
};

/// Whether a directory holds shards; false when it is none or cannot be read.
bool holds_shards(std::filesystem::path const& directory);

/// The names of the sub-directories that hold shards, sorted.
std::vector<std::string> catalogs_below(std::filesystem::path const& directory);

}  // namespace almagest

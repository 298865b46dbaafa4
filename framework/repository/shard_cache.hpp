#pragma once

#include <cstdint>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

#include "repository/reference_shard.hpp"

namespace almagest {

/// Shards that were read, for many threads: the frames of a run lie close together. A file is read
/// by one thread while others wait for it, and again after it has changed; so is one that could not
/// be read.
class ShardCache {
 public:
  /// \param most_bytes  the least recently used shards beyond it are dropped; whoever works with
  ///                    one keeps it until he is done
  explicit ShardCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// \throws as read_reference_shard()
  std::shared_ptr<ReferenceShard const> get(std::filesystem::path const& file);
  std::size_t bytes() const;

 private:
  static constexpr std::int64_t absent = -1, never_read = -2;
  /// Which state of a file was read.
  struct Stamp {
    std::int64_t size = never_read;
    std::int64_t modified_ns = 0;
    bool operator==(Stamp const&) const = default;
  };
  struct Slot {
    std::mutex reading;  // of the shard, what is wrong with it, and its stamp
    std::shared_ptr<ReferenceShard const> shard;
    std::exception_ptr error;
    Stamp stamp;
    std::size_t bytes = 0;  // these two belong to the cache's mutex
    std::uint64_t last_use = 0;
  };
  static void read(Slot& slot, std::filesystem::path const& file);
  static Stamp stamp_of(std::filesystem::path const& file) noexcept;
  void account(std::shared_ptr<Slot> const& slot, std::size_t bytes);
  std::size_t sum() const;

  std::size_t most_bytes_;
  mutable std::mutex mutex_;
  std::map<std::filesystem::path, std::shared_ptr<Slot>> slots_;
  std::uint64_t uses_ = 0;
};

}  // namespace almagest

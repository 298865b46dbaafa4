#include "repository/shard_cache.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "almagest/error.hpp"

namespace almagest {

std::shared_ptr<ReferenceShard const> ShardCache::get(std::filesystem::path const& file) {
  std::shared_ptr<Slot> slot;
  {
    std::scoped_lock const lock(mutex_);
    std::shared_ptr<Slot>& known = slots_[file];
    if (!known) known = std::make_shared<Slot>();
    known->last_use = ++uses_;
    slot = known;
  }
  std::scoped_lock const lock(slot->reading);
  Stamp const now = stamp_of(file);
  if (slot->stamp != now) {
    read(*slot, file);
    slot->stamp = now;
    account(slot, slot->shard ? slot->shard->bytes() : 0);
  }
  if (slot->error) std::rethrow_exception(slot->error);
  return slot->shard;
}

std::size_t ShardCache::bytes() const {
  std::scoped_lock const lock(mutex_);
  return sum();
}

void ShardCache::read(Slot& slot, std::filesystem::path const& file) {
  slot.shard.reset();
  slot.error = nullptr;
  try {
    slot.shard = std::make_shared<ReferenceShard const>(read_reference_shard(file));
  } catch (Error const&) {
    slot.error = std::current_exception();
  }
}

ShardCache::Stamp ShardCache::stamp_of(std::filesystem::path const& file) noexcept {
  struct stat info {};
  if (::stat(file.c_str(), &info) != 0) return {.size = absent};
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  return {info.st_size, info.st_mtim.tv_sec * ns_per_s + info.st_mtim.tv_nsec};
}

void ShardCache::account(std::shared_ptr<Slot> const& slot, std::size_t bytes) {
  std::scoped_lock const lock(mutex_);
  slot->bytes = bytes;
  for (std::size_t total = sum(); total > most_bytes_ && slots_.size() > 1; total = sum()) {
    auto oldest = slots_.end();
    for (auto it = slots_.begin(); it != slots_.end(); ++it)
      if (it->second != slot && it->second->bytes > 0 &&
          (oldest == slots_.end() || it->second->last_use < oldest->second->last_use))
        oldest = it;
    if (oldest == slots_.end()) return;
    slots_.erase(oldest);
  }
}

std::size_t ShardCache::sum() const {
  std::size_t total = 0;
  for (auto const& [file, slot] : slots_) total += slot->bytes;
  return total;
}

}  // namespace almagest

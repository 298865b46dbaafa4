#include "repository/input_checksums.hpp"

#include <sys/stat.h>

#include <ctime>

#include "repository/checksum.hpp"

namespace almagest {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;
// A file that was just written may be written again within one tick of the file system's clock.
constexpr std::int64_t settled_after_s = 2;

bool same_file(ChecksumRow const& a, ChecksumRow const& b) noexcept {
  return a.size == b.size && a.modified_ns == b.modified_ns;
}

}  // namespace

std::string InputChecksums::of(std::filesystem::path const& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  if (S_ISDIR(info.st_mode)) return "directory";
  ChecksumRow now{
      path.string(), info.st_size, info.st_mtim.tv_sec * ns_per_s + info.st_mtim.tv_nsec, {}};
  {
    std::scoped_lock const lock(mutex_);
    if (auto const known = known_.find(now.path);
        known != known_.end() && same_file(known->second, now))
      return known->second.checksum;
  }
  auto const stored = registry_.find_checksum(now.path);
  if (stored && same_file(*stored, now)) {
    now.checksum = stored->checksum;
  } else {
    now.checksum = file_checksum(path);
    if (std::time({}) - info.st_mtim.tv_sec > settled_after_s) remember_(now);
  }
  std::scoped_lock const lock(mutex_);
  known_[now.path] = now;
  return now.checksum;
}

}  // namespace almagest

#include "repository/file_placement.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "almagest/error.hpp"
#include "repository/atomic_file.hpp"
#include "repository/path_template.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t ns_per_s = 1'000'000'000;

[[noreturn]] void fail(fs::path const& path, std::string const& what, int error) {
  throw DataError(fmt::format("{}: {}: {}", printable(path.string()), what, std::strerror(error)));
}

/// Tells a link to nowhere from nothing.
bool something_is_at(fs::path const& path) noexcept {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

bool is_dangling(fs::path const& path) noexcept {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && ::stat(path.c_str(), &info) != 0;
}

bool is_same_file(fs::path const& a, fs::path const& b) noexcept {
  std::error_code error;
  return fs::equivalent(a, b, error) && !error;
}

/// Whether two paths are one entry of one directory.
bool is_same_entry(fs::path const& a, fs::path const& b) {
  return a.filename() == b.filename() && is_same_file(a.parent_path(), b.parent_path());
}

void make_directory_of(fs::path const& target) {
  std::error_code error;
  fs::create_directories(target.parent_path(), error);
  if (error) fail(target, "cannot make its directory", error.value());
}

/// \returns false when something is there
bool link_to(fs::path const& source, fs::path const& target) {
  if (::symlink(source.c_str(), target.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  fail(target, "cannot make the link", errno);
}

bool copy_to(fs::path const& source, fs::path const& target) {
  AtomicFile file(target);
  std::error_code error;
  fs::copy_file(source, file.temporary(), error);
  if (error) fail(target, "cannot copy " + printable(source.string()), error.value());
  auto const time = fs::last_write_time(source, error);
  if (!error) fs::last_write_time(file.temporary(), time, error);  // as good as can be had
  return file.commit_if_absent();
}

bool second_name(fs::path const& source, fs::path const& target) {
  fs::path const directory = source.parent_path();
  if (::access(directory.c_str(), W_OK) != 0)
    fail(source, "cannot be moved away from its directory", errno);
  struct stat info {};
  bool const is_link = ::lstat(source.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
  if (!is_link && ::link(source.c_str(), target.c_str()) == 0) return true;
  if (!is_link && errno == EEXIST) return false;
  return copy_to(source, target);  // another file system, or one without such links
}

bool put(fs::path const& source, fs::path const& target, IngestMode mode) {
  switch (mode) {
    case IngestMode::link:
      return link_to(source, target);
    case IngestMode::copy:
      return copy_to(source, target);
    case IngestMode::move:
      return second_name(source, target);
    case IngestMode::direct:
      break;
  }
  return false;
}

}  // namespace

std::string to_string(IngestMode mode) {
  constexpr char const* names[] = {"link", "copy", "move", "direct"};
  return names[static_cast<int>(mode)];
}

IngestMode ingest_mode(std::string_view name) {
  for (IngestMode const mode :
       {IngestMode::link, IngestMode::copy, IngestMode::move, IngestMode::direct})
    if (name == to_string(mode)) return mode;
  throw ConfigError(fmt::format("--mode wants link, copy, move or direct, got '{}'", name));
}

std::optional<FileStamp> file_stamp(fs::path const& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    fail(path, "cannot be looked at", errno);
  }
  if (!S_ISREG(info.st_mode)) throw DataError(printable(path.string()) + ": is no regular file");
  return FileStamp{info.st_size, info.st_mtim.tv_sec * ns_per_s + info.st_mtim.tv_nsec};
}

fs::path absolute_source(fs::path const& path) {
  std::error_code error;
  fs::path const absolute = fs::absolute(path);
  fs::path const directory = fs::canonical(absolute.parent_path(), error);
  return error ? absolute.lexically_normal() : directory / absolute.filename();
}

bool same_content(fs::path const& a, fs::path const& b) {
  if (is_same_file(a, b)) return true;
  if (file_stamp(a)->size != file_stamp(b)->size) return false;
  std::ifstream first(a, std::ios::binary), second(b, std::ios::binary);
  constexpr std::streamsize chunk = 1 << 18;
  std::vector<char> bytes_a(chunk), bytes_b(chunk);
  while (first && second) {
    first.read(bytes_a.data(), chunk);
    second.read(bytes_b.data(), chunk);
    if (first.gcount() != second.gcount() ||
        !std::equal(bytes_a.begin(), bytes_a.begin() + first.gcount(), bytes_b.begin()))
      return false;
  }
  for (auto const& [file, path] : {std::pair(&first, &a), std::pair(&second, &b)})
    if (!file->eof()) throw DataError(printable(path->string()) + ": cannot be read");
  return true;
}

bool place_file(fs::path const& source, fs::path const& target, IngestMode mode) {
  if (mode == IngestMode::direct || is_same_entry(source, target)) return false;
  make_directory_of(target);
  if (!something_is_at(target) && put(source, target, mode)) return true;
  if (is_dangling(target)) {
    if (::unlink(target.c_str()) != 0 && errno != ENOENT)
      fail(target, "cannot replace the link to nowhere", errno);
    if (put(source, target, mode)) return true;
  }
  std::error_code error;
  if (fs::is_regular_file(target, error) && same_content(source, target)) return false;
  throw DataError(fmt::format("another file is at {} already", printable(target.string())));
}

void remove_source(fs::path const& source, fs::path const& target) {
  struct stat info {};
  if (::lstat(target.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || !something_is_at(source) ||
      is_same_entry(source, target))
    return;
  struct stat from {};
  bool const source_is_link = ::lstat(source.c_str(), &from) == 0 && S_ISLNK(from.st_mode);
  if (source_is_link && is_same_file(source, target)) return;  // it points to the target itself
  if (!same_content(source, target)) return;
  if (::unlink(source.c_str()) != 0)
    fail(source, "is at " + printable(target.string()) + " now, but cannot be removed", errno);
}

}  // namespace almagest

#include "repository/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>

#include "almagest/error.hpp"

namespace almagest {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_ending = ".tmp";
constexpr std::size_t longest_stem = 200;  // leaves room for the rest in a name of 255 bytes

[[noreturn]] void fail(fs::path const& path, char const* what, int error) {
  throw DataError(fmt::format("{}: {}: {}", path.string(), what, std::strerror(error)));
}

void flush_path(fs::path const& path, int flags, char const* what) {
  int const file = ::open(path.c_str(), flags | O_CLOEXEC);
  if (file < 0) fail(path, what, errno);
  int const error = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  // File systems that cannot flush a directory say EINVAL; there is nothing more to do on them.
  if (error != 0 && error != EINVAL) fail(path, what, error);
}

fs::path temporary_name(fs::path const& path) {
  static std::atomic<unsigned> count{0};  // two threads never share a name
  return path.parent_path() / fmt::format(".{}.{}.{}{}",
                                          path.filename().string().substr(0, longest_stem),
                                          ::getpid(), count++, temporary_ending);
}

/// The process that made a temporary file, or 0 when the name is not one of ours.
int maker(std::string_view name) {
  for (std::string_view const part : {"-wal", "-shm"})  // of a database that was being made
    if (name.ends_with(part)) name.remove_suffix(part.size());
  if (!name.starts_with('.') || !name.ends_with(temporary_ending)) return 0;
  name.remove_suffix(temporary_ending.size());
  auto const count = name.rfind('.');
  if (count == std::string_view::npos || count == 0) return 0;
  auto const pid = name.rfind('.', count - 1);
  if (pid == std::string_view::npos || pid == 0) return 0;
  int number = 0;
  auto const [end, error] = std::from_chars(name.data() + pid + 1, name.data() + count, number);
  bool const counted = name.find_first_not_of("0123456789", count + 1) == std::string_view::npos &&
                       count + 1 < name.size();
  return error == std::errc() && end == name.data() + count && counted ? number : 0;
}

/// A message about a temporary file, told of the file that it was to become.
std::string named_as(fs::path const& path, fs::path const& temporary, std::string text) {
  std::string const name = temporary.string();
  auto at = text.find(name);
  if (at == std::string::npos) return path.string() + ": " + text;
  for (; at != std::string::npos; at = text.find(name))
    text.replace(at, name.size(), path.string());
  return text;
}

}  // namespace

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)), temporary_(temporary_name(path_)) {
  std::error_code error;
  if (!path_.parent_path().empty()) fs::create_directories(path_.parent_path(), error);
  if (error) fail(path_, "cannot make its directory", error.value());
  fs::remove(temporary_, error);  // of a process with this number that was killed long ago
}

AtomicFile::~AtomicFile() {
  if (!done_) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view text) const {
  std::ofstream file(temporary_, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) fail(path_, "cannot write", errno);
}

void AtomicFile::write(std::function<void(fs::path const&)> const& writer) const {
  try {
    writer(temporary_);
  } catch (DataError const& error) {
    throw DataError(named_as(path_, temporary_, error.what()));
  }
}

void AtomicFile::flush() {
  flush_path(temporary_, O_RDONLY, "cannot write");
}

void AtomicFile::commit() {
  flush();
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, "cannot write", errno);
  done_ = true;
}

bool AtomicFile::commit_if_absent() {
  flush();
  if (::link(temporary_.c_str(), path_.c_str()) == 0)
    return true;  // destruction drops the first name
  if (errno == EEXIST) return false;
  // Some file systems have no hard links.
  if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP && errno != EMLINK)
    fail(path_, "cannot write", errno);
  if (fs::exists(path_)) return false;
  commit();
  return true;
}

void write_atomically(fs::path const& path, std::function<void(fs::path const&)> const& write) {
  AtomicFile file(path);
  file.write(write);
  file.commit();
  flush_directory(path.parent_path().empty() ? fs::path(".") : path.parent_path());
}

void write_atomically(fs::path const& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
  flush_directory(path.parent_path().empty() ? fs::path(".") : path.parent_path());
}

void flush_directory(fs::path const& directory) {
  flush_path(directory, O_RDONLY | O_DIRECTORY, "cannot flush");
}

std::string file_text(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return file ? std::move(text).str() : std::string();
}

void remove_abandoned_files(fs::path const& directory, bool below) {
  std::error_code error;
  fs::recursive_directory_iterator entry(directory, error), end;
  for (; !error && entry != end; entry.increment(error)) {
    if (!below) entry.disable_recursion_pending();
    int const pid = maker(entry->path().filename().string());
    bool const gone = pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH;
    std::error_code ignored;  // another process may be removing it at this moment
    if (gone && entry->is_regular_file(ignored)) fs::remove(entry->path(), ignored);
  }
}

}  // namespace almagest

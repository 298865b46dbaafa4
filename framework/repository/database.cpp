#include "repository/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <optional>

namespace almagest {
namespace {

namespace fs = std::filesystem;

/// `file:` URI of a path; '?', '#' and '%' would end it or mean something else.
std::string uri(fs::path const& path, char const* options) {
  std::string text = "file:";
  for (char const c : fs::absolute(path).string()) {
    if (c == '?' || c == '#' || c == '%')
      text += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    else
      text += c;
  }
  return text + '?' + options;
}

fs::path beside(fs::path path, char const* ending) {
  path += ending;
  return path;
}

std::int64_t file_size_or_zero(fs::path const& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_size : 0;
}

/// The database keeps a write-ahead log: bytes 18 and 19 of its header ("The Database File Format",
/// section 1.3.3).
bool has_write_ahead_log(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 20> header{};
  return file.read(header.data(), header.size()) && header[18] == 2;
}

}  // namespace

bool is_busy(SQLite::Exception const& error) noexcept {
  return error.getErrorCode() == SQLITE_BUSY || error.getErrorCode() == SQLITE_LOCKED;
}

bool is_on_local_file_system(fs::path const& directory) {
  struct statfs info {};
  if (::statfs(directory.c_str(), &info) != 0) return false;
  // From statfs(2): ext2/3/4, XFS, Btrfs, tmpfs, ramfs, overlayfs, F2FS, ZFS, JFS, bcachefs.
  constexpr std::array<std::uint32_t, 10> local = {0xef53,     0x58465342, 0x9123683e, 0x01021994,
                                                   0x858458f6, 0x794c7630, 0xf2f52010, 0x2fc12fc1,
                                                   0x3153464a, 0xca451a4e};
  return std::ranges::find(local, static_cast<std::uint32_t>(info.f_type)) != local.end();
}

std::unique_ptr<SQLite::Database> open_read_write(fs::path const& path) {
  return while_busy(path, [&] {
    auto database = std::make_unique<SQLite::Database>(
        path.string(), SQLite::OPEN_READWRITE,
        static_cast<int>(std::chrono::milliseconds(busy_timeout).count()));
    // A commit that a power failure takes back leaves files without rows, which are made again.
    database->exec("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON");
    return database;
  });
}

struct ReadConnection::Stamp {
  std::int64_t size = 0, log_size = 0, modified_s = 0, modified_ns = 0;
  bool operator==(Stamp const&) const = default;
};

struct ReadConnection::State {
  std::mutex mutex;
  std::unique_ptr<SQLite::Database> database;
  Stamp stamp;
  bool immutable = false;
  bool reads_log = false;
};

ReadConnection::ReadConnection(fs::path path, bool foreign)
    : path_(std::move(path)), foreign_(foreign), state_(std::make_unique<State>()) {}

ReadConnection::~ReadConnection() = default;

bool ReadConnection::exists() const {
  std::error_code error;
  return fs::is_regular_file(path_, error);
}

ReadConnection::Stamp ReadConnection::stamp() const {
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) return {};
  return {info.st_size, file_size_or_zero(beside(path_, "-wal")), info.st_mtim.tv_sec,
          info.st_mtim.tv_nsec};
}

void ReadConnection::open() const {
  State& state = *state_;
  state.database.reset();
  state.stamp = stamp();
  bool const can_write_beside = ::access(path_.parent_path().c_str(), W_OK) == 0;
  if (has_write_ahead_log(path_)) {
    // Without rows in its log the file alone is the database. Reading the log needs its index.
    state.reads_log = state.stamp.log_size > 0 &&
                      (fs::exists(beside(path_, "-shm")) || (!foreign_ && can_write_beside));
    state.immutable = !state.reads_log;
  } else {
    state.reads_log = false;
    state.immutable = !can_write_beside || ::access(path_.c_str(), W_OK) != 0;
  }
  state.database = std::make_unique<SQLite::Database>(
      uri(path_, state.immutable ? "immutable=1" : "mode=ro"),
      SQLite::OPEN_READONLY | SQLite::OPEN_URI,
      static_cast<int>(std::chrono::milliseconds(busy_timeout).count()));
}

void ReadConnection::use(std::function<void(SQLite::Database&)> const& query) const {
  std::scoped_lock const lock(state_->mutex);
  constexpr int attempts = 5;  // a file read as immutable may be changed by another process
  for (int attempt = 1;; ++attempt) {
    std::optional<std::string> failure;
    try {
      while_busy(path_, [&] {
        if (!state_->database || (state_->immutable && state_->stamp != stamp())) open();
        query(*state_->database);
      });
    } catch (DataError const& error) {
      failure = error.what();
    }
    bool const changed = state_->database && state_->immutable && state_->stamp != stamp();
    // Of those that have a log open the last one tidies it up, which a reader cannot.
    if (state_->reads_log) state_->database.reset();
    if (!failure && !changed) return;
    if (attempt == attempts || !changed)
      throw DataError(failure ? *failure : path_.string() + ": another process keeps changing it");
  }
}

}  // namespace almagest

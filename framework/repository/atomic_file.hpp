#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace almagest {

/// A file that appears under its name complete or not at all.
///
/// It is written under a temporary name in the same directory, `.NAME.PID.N.tmp`, flushed to the
/// disk and renamed; a file whose object is destroyed without commit() is removed.
class AtomicFile {
 public:
  /// Makes the directory when it is missing. \throws DataError naming the path
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(AtomicFile const&) = delete;
  AtomicFile& operator=(AtomicFile const&) = delete;

  /// Where to write; nothing is there yet.
  std::filesystem::path const& temporary() const noexcept { return temporary_; }
  std::filesystem::path const& path() const noexcept { return path_; }

  /// Writes text as the file's whole content. \throws DataError naming the path
  void write(std::string_view text) const;
  /// Calls `writer` with the temporary name. What it says of that file in a DataError is said of
  /// the file that it was to become. \throws what `writer` throws
  void write(std::function<void(std::filesystem::path const& temporary)> const& writer) const;
  /// Flushes the file and gives it its name, replacing what was there. Its directory is not
  /// flushed: see flush_directory(). \throws DataError naming the path
  void commit();
  /// As commit(), but keeps a file that is there already. \returns whether this one was taken
  bool commit_if_absent();

 private:
  void flush();

  std::filesystem::path path_;
  std::filesystem::path temporary_;
  bool done_ = false;
};

/// Calls `write` with a temporary name and commits what it wrote, the directory included.
/// \throws DataError naming the path; what `write` throws
void write_atomically(std::filesystem::path const& path,
                      std::function<void(std::filesystem::path const& temporary)> const& write);
void write_atomically(std::filesystem::path const& path, std::string_view text);

/// Makes renames in a directory outlast a power failure. \throws DataError naming it
void flush_directory(std::filesystem::path const& directory);

/// The whole file as text; empty when it cannot be read.
std::string file_text(std::filesystem::path const& path);

/// Removes temporary files whose processes are gone: in a directory alone, or everywhere below it.
void remove_abandoned_files(std::filesystem::path const& directory, bool below);

}  // namespace almagest

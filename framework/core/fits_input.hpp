#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "almagest/shared_buffer.hpp"

namespace almagest::fits {

/// The bytes of a file opened for reading: from the disk, or inflated into memory when the file is
/// gzip'd (told by its first bytes, whatever its name). The name is taken literally.
class InputFile {
 public:
  /// \throws NotFoundError when there is no such file; DataError when it cannot be read, is no
  /// regular file, or inflates to more than 2 GiB
  explicit InputFile(std::filesystem::path const& path);
  ~InputFile();
  InputFile(InputFile const&) = delete;
  InputFile& operator=(InputFile const&) = delete;

  std::string const& name() const noexcept { return name_; }
  std::int64_t size() const noexcept { return size_; }

  /// Bytes of the file, valid until the next call. \throws DataError when they cannot be read
  std::span<std::byte const> view(std::int64_t offset, std::size_t bytes);

 private:
  void read(std::int64_t offset, std::span<std::byte> target) const;
  void inflate();

  std::string name_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
  SharedBuffer inflated_;           // the whole file, when it was gzip'd
  std::vector<std::byte> scratch_;  // what view() read from the disk
};

}  // namespace almagest::fits

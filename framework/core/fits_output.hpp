#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "almagest/header.hpp"
#include "fits_checksum.hpp"

namespace almagest::fits {

/// An extension ready to be written: the cards of its layout, from BITPIX on and without EXTNAME,
/// and its data without fill.
struct EncodedHdu {
  Header cards;
  std::string data;
};

/// A new file that is written from its beginning to its end, and is gone unless close() was called.
class OutputFile {
 public:
  /// \throws DataError naming the path, when the file exists or cannot be made
  explicit OutputFile(std::filesystem::path const& path);
  ~OutputFile();
  OutputFile(OutputFile const&) = delete;
  OutputFile& operator=(OutputFile const&) = delete;

  /// Hands out the data in pieces, each but the last of whole words; what the pieces' words sum up
  /// to is added to the checksum. Called once.
  using Piece = std::function<void(std::span<std::byte const> bytes, std::uint64_t word_sum)>;
  using Data = std::function<void(Piece const&)>;

  /// Appends an HDU: its cards, CHECKSUM, DATASUM and END, then the data, filled up with zeros.
  /// \throws DataError naming the path (disk full, …)
  void append(Header const& cards, Data const& data);

  /// Flushes to the disk and closes. \throws DataError naming the path
  void close();

 private:
  void write(std::int64_t offset, std::span<std::byte const> bytes) const;
  [[noreturn]] void fail(char const* what) const;

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
  bool complete_ = false;
};

}  // namespace almagest::fits

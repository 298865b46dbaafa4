#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace almagest {

/// A 64-bit number that changes when any byte changes: tells whether an input file is still the
/// same.
///
/// Four lanes take every fourth word each: xor, and two multiplications by odd numbers with a shift
/// between them, which is one-to-one in each word. Several GB/s; no protection against an
/// adversary.
class Checksum {
 public:
  void add(std::span<std::byte const> bytes) noexcept;
  std::uint64_t value() const noexcept;

 private:
  std::uint64_t lanes_[4] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                             0xa54ff53a5f1d36f1};  // square roots of 2, 3, 5, 7
  std::byte rest_[32] = {};
  std::uint64_t size_ = 0;
};

/// 16 hexadecimal digits. \throws NotFoundError or DataError naming the file
std::string file_checksum(std::filesystem::path const& path);

/// BLAKE2b of 128 bits as 32 hexadecimal digits: names configurations and what was made from what.
std::string text_hash(std::string_view text);

}  // namespace almagest

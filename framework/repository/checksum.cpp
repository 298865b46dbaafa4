#include "repository/checksum.hpp"

#include <blake2.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <vector>

#include "almagest/error.hpp"

namespace almagest {
namespace {

constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;   // 2^64 / golden ratio
constexpr std::uint64_t odd2 = 0xb7e151628aed2a6b;  // 2^64 (e − 2)
constexpr std::size_t block = 32;
constexpr std::size_t buffer_size = std::size_t{1} << 18;  // stays in the second-level cache

void mix(std::uint64_t (&lanes)[4], std::byte const* bytes) noexcept {
  for (std::size_t i = 0; i < 4; ++i) {
    std::uint64_t word;
    std::memcpy(&word, bytes + 8 * i, 8);
    // One product alone lets a changed top bit through as one changed bit, which the next word can
    // undo.
    word = (lanes[i] ^ word) * odd;
    lanes[i] = (word ^ word >> 29) * odd2;
  }
}

}  // namespace

void Checksum::add(std::span<std::byte const> bytes) noexcept {
  std::size_t const filled = size_ % block;
  size_ += bytes.size();
  if (filled != 0) {
    std::size_t const n = std::min(block - filled, bytes.size());
    std::memcpy(rest_ + filled, bytes.data(), n);
    bytes = bytes.subspan(n);
    if (filled + n < block) return;
    mix(lanes_, rest_);
  }
  std::uint64_t lanes[4];  // in registers: *this might alias the bytes
  std::memcpy(lanes, lanes_, sizeof lanes);
  for (; bytes.size() >= block; bytes = bytes.subspan(block)) mix(lanes, bytes.data());
  std::memcpy(lanes_, lanes, sizeof lanes);
  if (!bytes.empty()) std::memcpy(rest_, bytes.data(), bytes.size());
}

std::uint64_t Checksum::value() const noexcept {
  Checksum last = *this;
  if (std::size_t const filled = size_ % block; filled != 0) {
    std::fill(last.rest_ + filled, last.rest_ + block, std::byte{0});
    mix(last.lanes_, last.rest_);
  }
  std::uint64_t sum = size_ * odd;
  for (std::uint64_t const lane : last.lanes_) {
    sum = (std::rotl(sum, 23) ^ lane) * odd;
    sum ^= sum >> 32;
  }
  return sum;
}

std::string file_checksum(std::filesystem::path const& path) {
  int const file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    std::string const text = path.string() + ": " + std::strerror(errno);
    if (errno == ENOENT || errno == ENOTDIR) throw NotFoundError(text);
    throw DataError(text);
  }
  Checksum sum;
  std::vector<std::byte> buffer(buffer_size);
  ssize_t n = 0;
  while ((n = ::read(file, buffer.data(), buffer.size())) > 0)
    sum.add({buffer.data(), static_cast<std::size_t>(n)});
  int const error = n < 0 ? errno : 0;
  ::close(file);
  if (error != 0) throw DataError(path.string() + ": cannot read: " + std::strerror(error));
  return fmt::format("{:016x}", sum.value());
}

std::string text_hash(std::string_view text) {
  unsigned char digest[16];
  if (blake2b(digest, text.data(), nullptr, sizeof digest, text.size(), 0) != 0)
    throw Error("BLAKE2b failed");
  std::string hex;
  for (unsigned char const byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace almagest

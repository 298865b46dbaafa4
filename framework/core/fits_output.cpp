#include "fits_output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "almagest/error.hpp"
#include "fits_card.hpp"

namespace almagest::fits {
namespace {

constexpr std::size_t checksum_length = 16;

std::span<std::byte const> bytes_of(std::string const& text) {
  return std::as_bytes(std::span<char const>(text));
}

std::size_t fill_of(std::size_t size) {
  return (block_size - size % block_size) % block_size;
}

/// The header's blocks. The comments are fixed, where CFITSIO puts the time: equal products must
/// have equal bytes.
std::string header_text(Header const& cards, std::string const& checksum, std::uint32_t data_sum) {
  std::string text;
  for (Header::Card const& card : cards.cards()) append_card(text, card);
  append_card(text, {"CHECKSUM", checksum, "makes the HDU's sum zero"});
  append_card(text, {"DATASUM", std::to_string(data_sum), "sum of the data's words"});
  append_end(text);
  return text;
}

std::string header_with_checksum(Header const& cards, std::uint32_t data_sum) {
  Checksum sum;
  sum.add(bytes_of(header_text(cards, std::string(checksum_length, '0'), data_sum)));
  return header_text(cards, encode_checksum(combine(sum.value(), data_sum)), data_sum);
}

}  // namespace

OutputFile::OutputFile(std::filesystem::path const& path) : path_(path) {
  constexpr mode_t permissions = 0666;  // less the umask
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, permissions);
  if (descriptor_ < 0) fail("cannot create");
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!complete_) ::unlink(path_.c_str());
}

void OutputFile::append(Header const& cards, Data const& data) {
  std::string const room = header_text(cards, std::string(checksum_length, '0'), 0);
  std::int64_t const data_offset = size_ + static_cast<std::int64_t>(room.size());
  std::int64_t end = data_offset;
  Checksum sum;
  data([&](std::span<std::byte const> bytes, std::uint64_t word_sum) {
    write(end, bytes);
    end += static_cast<std::int64_t>(bytes.size());
    sum.add_word_sum(word_sum);
  });
  std::string const fill(fill_of(static_cast<std::size_t>(end - data_offset)), '\0');
  write(end, bytes_of(fill));
  write(size_, bytes_of(header_with_checksum(cards, sum.value())));
  size_ = end + static_cast<std::int64_t>(fill.size());
}

void OutputFile::close() {
  if (::fsync(descriptor_) != 0) fail("cannot write");
  int const closed = ::close(descriptor_);
  descriptor_ = -1;
  if (closed != 0) fail("cannot write");
  complete_ = true;
}

void OutputFile::write(std::int64_t offset, std::span<std::byte const> bytes) const {
  while (!bytes.empty()) {
    ssize_t const written = ::pwrite(descriptor_, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write");
    offset += written;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void OutputFile::fail(char const* what) const {
  throw DataError(path_.string() + ": " + what + ": " + std::strerror(errno));
}

}  // namespace almagest::fits

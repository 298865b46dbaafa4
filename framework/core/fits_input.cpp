#include "fits_input.hpp"

#include <fcntl.h>
#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "almagest/error.hpp"
#include "fits_byte_order.hpp"

namespace almagest::fits {
namespace {

constexpr std::size_t most_inflated = std::size_t{2} << 30;
constexpr std::size_t smallest_gzip = 18;  // header and trailer

[[noreturn]] void fail(std::string const& name, std::string const& what) {
  throw DataError(name + ": " + what);
}

std::string system_message(char const* what) {
  return std::string(what) + ": " + std::strerror(errno);
}

bool is_gzip(std::span<std::byte const> bytes) {
  return bytes.size() >= smallest_gzip && bytes[0] == std::byte{0x1f} &&
         bytes[1] == std::byte{0x8b};
}

/// Memory that grows and keeps what it holds.
void grow(SharedBuffer& buffer, std::size_t used, std::size_t capacity) {
  SharedBuffer larger(capacity, false);
  if (used != 0) std::memcpy(larger.mutable_data(), buffer.data(), used);
  buffer = std::move(larger);
}

/// The size that the trailer declares (modulo 4 GiB), where it is credible.
std::size_t expected_size(std::span<std::byte const> gzip) {
  auto const declared = __builtin_bswap32(load_big_endian<std::uint32_t>(&gzip[gzip.size() - 4]));
  constexpr std::size_t best_ratio = 1032;  // of the deflate format
  return std::min(
      {std::max<std::size_t>(declared, 4 * gzip.size()), best_ratio * gzip.size(), most_inflated});
}

struct Inflated {
  SharedBuffer bytes;
  std::size_t size = 0;
};

/// All members of a gzip file, one after the other; what follows them is ignored, as gzip does.
Inflated inflate_members(std::span<std::byte const> gzip, std::string const& name) {
  std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)> const decompressor(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  if (!decompressor) throw std::bad_alloc();
  std::size_t capacity = expected_size(gzip);
  Inflated result{SharedBuffer(capacity, false), 0};
  while (is_gzip(gzip)) {
    std::size_t consumed = 0;
    std::size_t produced = 0;
    auto* const target = static_cast<std::byte*>(result.bytes.mutable_data()) + result.size;
    auto const status =
        libdeflate_gzip_decompress_ex(decompressor.get(), gzip.data(), gzip.size(), target,
                                      capacity - result.size, &consumed, &produced);
    if (status == LIBDEFLATE_SUCCESS) {
      result.size += produced;
      gzip = gzip.subspan(consumed);
    } else if (status == LIBDEFLATE_INSUFFICIENT_SPACE && capacity < most_inflated) {
      capacity = std::min(2 * capacity, most_inflated);
      grow(result.bytes, result.size, capacity);
    } else if (status == LIBDEFLATE_INSUFFICIENT_SPACE) {
      fail(name, "inflates to more than 2 GiB");
    } else {
      fail(name, "the gzip data are damaged or truncated");
    }
  }
  return result;
}

}  // namespace

InputFile::InputFile(std::filesystem::path const& path) : name_(path.string()) {
  // O_NONBLOCK: opening a pipe without a writer would wait for ever.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) {
    if (errno == ENOENT || errno == ENOTDIR) throw NotFoundError(name_ + ": no such file");
    fail(name_, system_message("cannot open"));
  }
  try {
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0) fail(name_, system_message("cannot open"));
    if (!S_ISREG(status.st_mode)) fail(name_, "is no regular file");
    size_ = status.st_size;
    if (is_gzip(view(0, static_cast<std::size_t>(
                            std::min<std::int64_t>(size_, std::int64_t{smallest_gzip})))))
      inflate();
  } catch (...) {
    if (descriptor_ >= 0) ::close(descriptor_);
    throw;
  }
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void InputFile::inflate() {
  if (size_ > std::int64_t{most_inflated}) fail(name_, "inflates to more than 2 GiB");
  SharedBuffer compressed(static_cast<std::size_t>(size_), false);
  std::span<std::byte> const bytes(static_cast<std::byte*>(compressed.mutable_data()),
                                   compressed.size());
  read(0, bytes);
  Inflated inflated = inflate_members(bytes, name_);
  inflated_ = std::move(inflated.bytes);
  size_ = static_cast<std::int64_t>(inflated.size);
  ::close(descriptor_);
  descriptor_ = -1;
}

std::span<std::byte const> InputFile::view(std::int64_t offset, std::size_t bytes) {
  if (offset < 0 || offset > size_ || bytes > static_cast<std::size_t>(size_ - offset))
    fail(name_, "ends before byte " + std::to_string(offset) + " + " + std::to_string(bytes));
  if (descriptor_ < 0) return {static_cast<std::byte const*>(inflated_.data()) + offset, bytes};
  if (scratch_.size() < bytes) scratch_.resize(bytes);
  std::span<std::byte> const target(scratch_.data(), bytes);
  read(offset, target);
  return target;
}

void InputFile::read(std::int64_t offset, std::span<std::byte> target) const {
  while (!target.empty()) {
    ssize_t const got = ::pread(descriptor_, target.data(), target.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(name_, system_message("cannot read"));
    if (got == 0) fail(name_, "became shorter while it was read");
    offset += got;
    target = target.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace almagest::fits

#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace almagest::fits {

static_assert(std::endian::native == std::endian::little,
              "FITS is big-endian: the other byte order needs plain copies here");

/// One value from its big-endian bytes.
template <std::integral T>
T load_big_endian(std::byte const* source) noexcept {
  T value;
  std::memcpy(&value, source, sizeof(T));
  if constexpr (sizeof(T) == 2)
    return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  else if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  else if constexpr (sizeof(T) == 8)
    return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
  else
    return value;
}

inline float load_big_endian_float(std::byte const* source) noexcept {
  return std::bit_cast<float>(load_big_endian<std::uint32_t>(source));
}
inline double load_big_endian_double(std::byte const* source) noexcept {
  return std::bit_cast<double>(load_big_endian<std::uint64_t>(source));
}

/// Copies elements of 1, 2, 4 or 8 bytes between the file's byte order and ours, and adds up the
/// 32-bit big-endian words on the file's side, which the checksum needs anyway: one pass over the
/// memory does both.
///
/// \param bytes   a multiple of the element size
/// \param offset_16  turns 16-bit values into unsigned ones and back (BZERO = 32768)
/// \returns the sum of the words; a short rest counts as padded with zeros
std::uint64_t copy_from_big_endian(std::byte const* source, std::byte* target, std::size_t bytes,
                                   std::size_t element_size, bool offset_16) noexcept;
std::uint64_t copy_to_big_endian(std::byte const* source, std::byte* target, std::size_t bytes,
                                 std::size_t element_size, bool offset_16) noexcept;

}  // namespace almagest::fits

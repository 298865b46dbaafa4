#include "fits_byte_order.hpp"

namespace almagest::fits {
namespace {

/// Reverses the bytes of every element in eight bytes.
template <std::size_t element_size>
std::uint64_t swap_elements(std::uint64_t v) noexcept {
  if constexpr (element_size == 2) {
    constexpr std::uint64_t low_bytes = 0x00ff00ff00ff00ff;
    return (v & low_bytes) << 8 | (v >> 8 & low_bytes);
  } else if constexpr (element_size == 4) {
    return std::rotl(__builtin_bswap64(v), 32);
  } else if constexpr (element_size == 8) {
    return __builtin_bswap64(v);
  } else {
    return v;
  }
}

std::uint64_t sum_words(std::uint64_t big_endian) noexcept {
  std::uint64_t const words = __builtin_bswap64(big_endian);
  return (words >> 32) + (words & 0xffffffff);
}

enum class Direction { from_file, to_file };

template <std::size_t element_size, Direction direction>
std::uint64_t copy(std::byte const* source, std::byte* target, std::size_t bytes,
                   std::uint64_t flip) noexcept {
  auto const step = [flip](std::byte const* from, std::byte* to, std::size_t count) {
    std::uint64_t in = 0;
    std::memcpy(&in, from, count);
    std::uint64_t out = 0;
    if constexpr (direction == Direction::from_file)
      out = swap_elements<element_size>(in) ^ flip;
    else
      out = swap_elements<element_size>(in ^ flip);
    std::memcpy(to, &out, count);
    return direction == Direction::from_file ? in : out;
  };
  std::uint64_t sum = 0;
  std::size_t const whole = bytes / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8) sum += sum_words(step(source + i, target + i, 8));
  if (std::size_t const rest = bytes - whole; rest != 0) {
    std::uint64_t const word = step(source + whole, target + whole, rest);
    std::uint64_t const used = ~std::uint64_t{0} >> (64 - 8 * rest);  // the flip reaches beyond
    sum += sum_words(word & used);
  }
  return sum;
}

template <Direction direction>
std::uint64_t copy(std::byte const* source, std::byte* target, std::size_t bytes,
                   std::size_t element_size, bool offset_16) noexcept {
  switch (element_size) {
    case 2: {
      std::uint64_t const flip = offset_16 ? 0x8000800080008000 : 0;
      return copy<2, direction>(source, target, bytes, flip);
    }
    case 4:
      return copy<4, direction>(source, target, bytes, 0);
    case 8:
      return copy<8, direction>(source, target, bytes, 0);
    default:
      return copy<1, direction>(source, target, bytes, 0);
  }
}

}  // namespace

std::uint64_t copy_from_big_endian(std::byte const* source, std::byte* target, std::size_t bytes,
                                   std::size_t element_size, bool offset_16) noexcept {
  return copy<Direction::from_file>(source, target, bytes, element_size, offset_16);
}

std::uint64_t copy_to_big_endian(std::byte const* source, std::byte* target, std::size_t bytes,
                                 std::size_t element_size, bool offset_16) noexcept {
  return copy<Direction::to_file>(source, target, bytes, element_size, offset_16);
}

}  // namespace almagest::fits

#include "fits_checksum.hpp"

#include <algorithm>
#include <array>

#include "fits_byte_order.hpp"

namespace almagest::fits {

std::uint32_t combine(std::uint32_t a, std::uint32_t b) noexcept {
  std::uint64_t const sum = std::uint64_t{a} + b;
  return static_cast<std::uint32_t>((sum & 0xffffffff) + (sum >> 32));
}

void Checksum::add_word_sum(std::uint64_t sum) noexcept {
  sum_ = combine(combine(static_cast<std::uint32_t>(sum), static_cast<std::uint32_t>(sum >> 32)),
                 sum_);
}

void Checksum::add(std::span<std::byte const> bytes) noexcept {
  std::uint64_t sum = 0;
  std::size_t const whole = bytes.size() / 4 * 4;
  for (std::size_t i = 0; i < whole; i += 4) sum += load_big_endian<std::uint32_t>(&bytes[i]);
  if (whole != bytes.size()) {
    std::array<std::byte, 4> rest{};
    std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(whole), bytes.end(), rest.begin());
    sum += load_big_endian<std::uint32_t>(rest.data());
  }
  add_word_sum(sum);
}

std::string encode_checksum(std::uint32_t sum) {
  // Every byte of the complement is spread over four characters whose sum it is, offset by '0';
  // pairs of them are moved apart until none is punctuation (appendix J of the standard).
  constexpr int zero = '0';
  auto const is_punctuation = [](int c) {
    return (c >= ':' && c <= '@') || (c >= '[' && c <= '`');
  };
  std::uint32_t const complement = ~sum;
  std::string text(16, '0');
  for (std::size_t i = 0; i < 4; ++i) {
    int const byte = static_cast<int>(complement >> (24 - 8 * i) & 0xff);
    std::array<int, 4> c{};
    c.fill(byte / 4 + zero);
    c[0] += byte % 4;
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t j = 0; j < 4; j += 2)
        if (is_punctuation(c[j]) || is_punctuation(c[j + 1])) {
          ++c[j];
          --c[j + 1];
          moved = true;
        }
    }
    for (std::size_t j = 0; j < 4; ++j) text[4 * j + i] = static_cast<char>(c[j]);
  }
  std::ranges::rotate(text, text.end() - 1);  // the card's value begins one byte before a word
  return text;
}

}  // namespace almagest::fits

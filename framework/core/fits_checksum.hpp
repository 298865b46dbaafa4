#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace almagest::fits {

/// The checksum of FITS: the ones' complement sum of 32-bit big-endian words (FITS standard 4.0,
/// section 4.4.2.7 and appendix J).
class Checksum {
 public:
  /// Adds what copy_from_big_endian() or copy_to_big_endian() returned.
  void add_word_sum(std::uint64_t sum) noexcept;
  /// Adds bytes that begin on a word; a short rest counts as padded with zeros.
  void add(std::span<std::byte const> bytes) noexcept;
  std::uint32_t value() const noexcept { return sum_; }

 private:
  std::uint32_t sum_ = 0;
};

/// The sum of two parts of an HDU.
std::uint32_t combine(std::uint32_t a, std::uint32_t b) noexcept;

/// Both zeros of the ones' complement are equal.
inline bool same_sum(std::uint32_t a, std::uint32_t b) noexcept {
  return a == b || (a % 0xffffffff == 0 && b % 0xffffffff == 0);
}

/// The 16 characters of a CHECKSUM card that make an HDU sum to zero.
///
/// \param sum  of the HDU whose CHECKSUM card holds sixteen '0'
std::string encode_checksum(std::uint32_t sum);

}  // namespace almagest::fits

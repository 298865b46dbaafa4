#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace repair {

/// Some pixels of a frame, a bit each: array indices.
class PixelSet {
 public:
  PixelSet(int width, int height)
      : width_(static_cast<std::size_t>(width)),
        words_((width_ * static_cast<std::size_t>(height) + bits - 1) / bits) {}

  bool contains(int x, int y) const noexcept {
    std::size_t const i = index(x, y);
    return (words_[i / bits] >> (i % bits) & 1U) != 0;
  }
  void insert(int x, int y) noexcept {
    std::size_t const i = index(x, y);
    words_[i / bits] |= std::uint64_t{1} << (i % bits);
  }
  void erase(int x, int y) noexcept {
    std::size_t const i = index(x, y);
    words_[i / bits] &= ~(std::uint64_t{1} << (i % bits));
  }

 private:
  static constexpr std::size_t bits = 64;
  std::size_t index(int x, int y) const noexcept {
    return static_cast<std::size_t>(y) * width_ + static_cast<std::size_t>(x);
  }
  std::size_t width_;
  std::vector<std::uint64_t> words_;
};

}  // namespace repair

#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "almagest/geometry.hpp"
#include "almagest/product.hpp"
#include "almagest/shared_buffer.hpp"

namespace almagest {

/// A plane of pixels, row by row from the bottom, cheap to copy (copy-on-write).
///
/// `bbox()` places it in the parent frame. `row(y)` and `(x, y)` take array indices, 0 … width − 1
/// and 0 … height − 1; `at(pixel)` takes parent coordinates. Nothing checks indices.
template <class T>
class Image {
 public:
  using Value = T;

  Image() = default;
  /// Zeros.
  Image(int width, int height) : Image(Box{0, 0, width, height}) {}
  explicit Image(Box box) : Image(box, true) {}
  /// Pixels with no defined value yet: for an image that is filled at once.
  static Image uninitialised(Box box) { return Image(box, false); }

  int width() const noexcept { return box_.width; }
  int height() const noexcept { return box_.height; }
  Box const& bbox() const noexcept { return box_; }
  bool empty() const noexcept { return box_.empty(); }
  /// Moves the image in the parent frame; pixels stay.
  void set_origin(Pixel origin) noexcept {
    box_.x0 = origin.x;
    box_.y0 = origin.y;
  }

  std::span<T const> pixels() const noexcept {
    return {data(), static_cast<std::size_t>(box_.area())};
  }
  std::span<T> pixels() { return {data(), static_cast<std::size_t>(box_.area())}; }
  std::span<T const> row(int y) const noexcept {
    return {data() + offset(y), static_cast<std::size_t>(box_.width)};
  }
  std::span<T> row(int y) { return {data() + offset(y), static_cast<std::size_t>(box_.width)}; }

  T const& operator()(int x, int y) const noexcept {
    return data()[offset(y) + static_cast<std::size_t>(x)];
  }
  T& operator()(int x, int y) { return data()[offset(y) + static_cast<std::size_t>(x)]; }
  T const& at(Pixel p) const noexcept { return (*this)(p.x - box_.x0, p.y - box_.y0); }
  T& at(Pixel p) { return (*this)(p.x - box_.x0, p.y - box_.y0); }

  /// A copy of the pixels inside a box of the parent frame, which must lie inside bbox().
  Image cutout(Box const& box) const {
    Image part = uninitialised(box);
    for (int y = 0; y < box.height; ++y) {
      auto const from =
          row(box.y0 - box_.y0 + y).subspan(static_cast<std::size_t>(box.x0 - box_.x0));
      std::copy_n(from.begin(), box.width, part.row(y).begin());
    }
    return part;
  }

  bool shares_pixels_with(Image const& other) const noexcept { return data() == other.data(); }

 private:
  Image(Box box, bool zeroed)
      : box_(box.empty() ? Box{box.x0, box.y0, 0, 0} : box),
        buffer_(static_cast<std::size_t>(box_.area()) * sizeof(T), zeroed) {}
  std::size_t offset(int y) const noexcept {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(box_.width);
  }
  T const* data() const noexcept { return static_cast<T const*>(buffer_.data()); }
  T* data() { return static_cast<T*>(buffer_.mutable_data()); }

  Box box_;
  SharedBuffer buffer_;
};

template <>
struct ProductTraits<Image<float>> {
  static constexpr std::string_view id = "almagest.ImageF/1";
};
template <>
struct ProductTraits<Image<std::uint16_t>> {
  static constexpr std::string_view id = "almagest.ImageU/1";
};

}  // namespace almagest

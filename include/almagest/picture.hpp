#pragma once

#include <cstdint>

#include "almagest/image.hpp"
#include "almagest/product.hpp"

namespace almagest {

/// A picture to look at, stored as a PNG: red, green and blue of each pixel in three planes of the
/// same box, row 0 at the bottom.
struct Picture {
  Image<std::uint8_t> red, green, blue;
};
template <>
struct ProductTraits<Picture> {
  static constexpr std::string_view id = "almagest.Picture/1";
};

}  // namespace almagest

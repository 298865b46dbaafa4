#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "almagest/amplifier.hpp"
#include "almagest/exposure.hpp"
#include "almagest/mask.hpp"
#include "almagest/raw_exposure.hpp"

namespace almagest {

/// A rectangle of a plane of pixels that somebody else owns.
template <class T>
class PixelView {
 public:
  PixelView() = default;
  PixelView(T* first, int width, int height, std::ptrdiff_t stride)
      : first_(first), width_(width), height_(height), stride_(stride) {}
  int width() const noexcept { return width_; }
  int height() const noexcept { return height_; }
  bool empty() const noexcept { return width_ <= 0 || height_ <= 0; }
  std::span<T> row(int y) const noexcept {
    return {first_ + y * stride_, static_cast<std::size_t>(width_)};
  }

 private:
  T* first_ = nullptr;
  int width_ = 0;
  int height_ = 0;
  std::ptrdiff_t stride_ = 0;
};

/// The data pixels of one amplifier, in a raw frame or in an assembled one: what kernels that work
/// amplifier by amplifier see, so that they can stand before or after assembly.
struct AmplifierView {
  Amplifier const* amplifier = nullptr;
  PixelView<float> image;
  PixelView<MaskPixel> mask;  ///< of the same shape; empty where a raw channel has no mask yet
  ReadCorner read_corner = ReadCorner::lower_left;  ///< in this view
};

/// Views on all amplifiers, in the detector's order; valid as long as the frame's planes stay as
/// they are. Writing through them writes the frame (shared planes are copied first).
///
/// \param with_masks  make the masks of raw channels that have none
/// \throws DataError naming the amplifier when its box is not inside the frame, or there is none
std::vector<AmplifierView> amplifier_views(RawExposure& raw, bool with_masks);
std::vector<AmplifierView> amplifier_views(Exposure& exposure, bool with_masks);

}  // namespace almagest

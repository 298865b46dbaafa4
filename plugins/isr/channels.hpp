#pragma once

#include <cstddef>

#include "almagest/amplifier_view.hpp"
#include "almagest/raw_exposure.hpp"

/// What the tasks on raw frames share.
namespace isr {

/// \throws DataError when the frame has no channels, or not one for each amplifier
void require_channels(almagest::RawExposure const& raw);

/// Whether every data pixel of an amplifier is flagged BAD: there is nothing to correct.
bool wholly_bad(almagest::RawExposure const& raw, std::size_t channel);
/// Flags every data pixel of an amplifier BAD.
void mark_bad(almagest::RawExposure& raw, std::size_t channel);

/// A rectangle of an image, by array indices; empty when the image is.
template <class T>
almagest::PixelView<T const> view_of(almagest::Image<T> const& image, almagest::Box const& box) {
  if (image.empty()) return {};
  return {image.row(box.y0).data() + box.x0, box.width, box.height, image.width()};
}

}  // namespace isr

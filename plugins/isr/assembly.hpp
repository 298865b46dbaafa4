#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "almagest/amplifier_view.hpp"
#include "almagest/exposure.hpp"
#include "almagest/raw_exposure.hpp"

#include "row_steps.hpp"

namespace isr {

/// An exposure of a raw frame's detector, with everything but its pixels, which have no defined
/// value yet.
/// \throws DataError naming the amplifier whose sections do not fit, or two that overlap
almagest::Exposure frame_of(almagest::RawExposure const& raw);

/// Where each amplifier's pixels are in a raw frame, and what is done to them on their way into an
/// assembled one: cut out, mirrored as their flips say, and calibrated where that is asked for.
class Assembly {
 public:
  /// \param frame  of frame_of(), for its mask planes; the raw frame must outlive the assembly
  Assembly(almagest::RawExposure const& raw, almagest::Mask& frame);

  /// From this amplifier's pixels the level of their row is subtracted, then they are multiplied.
  /// \param levels  of the raw image's rows from `first` on; empty: 0
  /// \throws DataError when a data row has no level
  void calibrate(std::size_t channel, std::vector<double> const& levels, int first, double factor);
  /// Flags pixels at or above the levels that the amplifier says (NaN: none).
  void flag_saturation(std::size_t channel, double saturation, double suspect);
  /// Flags the whole amplifier BAD.
  void mark_bad(std::size_t channel);

  /// The pixels of a row of the frame that come from this amplifier. \param y  row of its place in
  /// the frame, from 0
  RowSource row(std::size_t channel, int y) const noexcept;
  /// Adds the flags that the raw frame's mask has for this row.
  void combine_mask(std::size_t channel, int y, std::span<almagest::MaskPixel> mask) const noexcept;

 private:
  struct Source {
    almagest::PixelView<float const> data;
    almagest::PixelView<almagest::MaskPixel const> mask;
    /// Bits of the raw mask, and what they are in the frame's.
    std::vector<std::pair<almagest::MaskPixel, almagest::MaskPixel>> planes;
    std::vector<float> levels;  // of each data row; empty: none
    RowSource row;              // what is the same for all rows
    int first_row = 0;          // of the data in the raw image
    bool flip_y = false;
  };
  int raw_row(Source const& source, int y) const noexcept {
    return source.flip_y ? source.data.height() - 1 - y : y;
  }

  almagest::MaskPixel bad_, saturated_, suspect_;
  std::vector<Source> sources_;
};

}  // namespace isr

#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/mask.hpp"

#include "clipped_mean.hpp"

namespace calibs {

/// The same rows of several frames, side by side, and their combination. Holds rows × width ×
/// frames floats; twice as many when variances are to be combined.
class Stack {
 public:
  /// \param rows  most rows at a time
  Stack(std::size_t frames, int width, int rows, bool with_variances);

  /// The bytes that one row needs.
  static std::size_t bytes_per_row(std::size_t frames, int width, bool with_variances) noexcept;

  /// Puts in the rows of one frame; different frames may be put in at the same time.
  ///
  /// \param part     rows of the frame, as wide as the stack
  /// \param scale    the pixels are divided by this
  /// \param ignored  mask bits of pixels that do not count
  /// \param passing  those of them that do where all frames have them: see combine()
  void put(std::size_t frame, almagest::MaskedImage const& part, double scale,
           almagest::MaskPixel ignored, almagest::MaskPixel passing);

  /// Combines one row. The variance of a mean is scatter²/n of the values kept, or, when the
  /// frames' own variances were put in, their sum over n². Pixels that have a passing bit in every
  /// frame, of three at least, take the median and the scatter²/n of all: no cosmic ray comes back
  /// to the same pixel so often.
  ///
  /// \param y         row of the stack
  /// \param mean      NaN where no frame has a value
  /// \param variance  NaN where it is not known: without a value, of a single value when the
  ///                  variances were not put in, and where their sum is negative
  void combine(int y, ClippedMean const& clipped_mean, std::span<float> mean,
               std::span<float> variance) const;

 private:
  std::size_t at(int y, std::size_t frame) const noexcept {
    return (static_cast<std::size_t>(y) * frames_ + frame) * width_;
  }
  void combine_passing(int y, std::size_t x, float& mean, float& variance) const;

  /// A value that only passing bits keep out.
  struct Passing {
    std::size_t pixel;  // of the stack, row by row
    float value;
  };
  std::size_t frames_, width_;
  std::vector<float> values_;                  // row by row, in a row frame by frame
  std::vector<float> variances_;               // the same, or empty
  std::vector<std::vector<Passing>> passing_;  // of each frame, in the order of pixels
};

}  // namespace calibs

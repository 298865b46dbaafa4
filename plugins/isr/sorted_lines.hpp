#pragma once

#include <cstddef>
#include <limits>
#include <vector>

#include "almagest/amplifier_view.hpp"
#include "almagest/mask.hpp"

namespace isr {

/// What of a rectangle of pixels is averaged.
enum class Lines { rows, columns };

/// Which pixels are not looked at, besides those that are NaN or infinite.
struct Unusable {
  almagest::PixelView<almagest::MaskPixel const> mask;     ///< of the pixels' shape, or empty
  almagest::MaskPixel bits = 0;                            ///< with one of these in the mask
  double limit = std::numeric_limits<double>::infinity();  ///< and from this value on
};

/// The usable pixels of each line of a rectangle, in ascending order. A sorted line gives median,
/// quartiles and any clipping about a middle by counting.
///
/// Eight lines are sorted at once, by a network of exchanges that does not look at the values
/// (Batcher's odd-even merge sort): 60 pixels of a line take some 100 ns.
class SortedLines {
 public:
  SortedLines(almagest::PixelView<float const> const& pixels, Unusable const& unusable,
              Lines lines);

  std::size_t size() const noexcept { return usable_.size(); }
  std::size_t length() const noexcept { return length_; }  ///< pixels of a line, usable or not
  /// How many usable ones.
  std::size_t count(std::size_t line) const noexcept { return usable_[line]; }
  float value(std::size_t line, std::size_t rank) const noexcept {
    return values_[((line / group) * length_ + rank) * group + line % group];
  }
  /// Of a line's values from rank `first` until before `end`, the one at (end − first − 1)·f,
  /// between neighbours linearly interpolated.
  double quantile(std::size_t line, std::size_t first, std::size_t end, double f) const noexcept;
  /// All values, line by line.
  std::vector<float> all() const;

 private:
  static constexpr std::size_t group = 8;
  void copy_group(almagest::PixelView<float const> const& pixels, Lines lines, std::size_t first);
  void leave_out(Unusable const& unusable, Lines lines, std::size_t first);

  std::size_t length_;
  std::vector<float> values_;  // [group of lines][rank][line in the group]; unusable ones are last
  std::vector<std::size_t> usable_;
};

}  // namespace isr

#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "almagest/amplifier_view.hpp"

#include "crosstalk_matrix.hpp"

namespace isr {

/// Removes what amplifiers that are read at the same time leave in each other (ISR document 4.1,
/// step 8): from each target, linear·s + quadratic·s² of every source, where s is the source's
/// value above its background in the pixel at the same distance from the read corner, as observed.
/// A source pixel that is no number leaves nothing.
class CrosstalkRemoval {
 public:
  struct Flags {
    /// A target pixel is flagged where a source is this much above its background, or where the
    /// correction exceeds the second one in size. [unit of the image]
    float source = std::numeric_limits<float>::infinity();
    float correction = std::numeric_limits<float>::infinity();
    std::vector<almagest::MaskPixel> bits;  ///< of each amplifier's mask; empty: none is flagged
  };

  /// \param views        must outlive this; of equal size
  /// \param backgrounds  of each amplifier
  /// \throws DataError when the amplifiers differ in size
  CrosstalkRemoval(std::span<almagest::AmplifierView const> views, CrosstalkMatrix matrix,
                   std::vector<float> backgrounds, Flags flags);

  /// How many rows there are, counted from the read corners. They can be done in any order, each
  /// once.
  std::size_t rows() const noexcept { return rows_; }
  /// Corrects rows begin … end − 1 of all amplifiers.
  void subtract(std::size_t begin, std::size_t end) const;

 private:
  struct Signals;
  void gather(std::size_t row, Signals& signals) const;
  void sum_up(std::size_t target, Signals& signals) const;
  void write(std::size_t target, std::size_t row, Signals const& signals) const;
  void flag(std::size_t target, std::size_t row, Signals const& signals) const;
  int row_in_view(std::size_t amplifier, std::size_t row) const noexcept;

  std::span<almagest::AmplifierView const> views_;
  CrosstalkMatrix matrix_;
  std::vector<float> backgrounds_;
  Flags flags_;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
};

}  // namespace isr

#pragma once

#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/mask.hpp"
#include "almagest/product.hpp"

namespace almagest {

/// Consecutive pixels of one row, x0 … x1 inclusive, parent frame.
struct Span {
  int y = 0;
  int x0 = 0;
  int x1 = 0;
  bool operator==(Span const&) const = default;
};

/// A local maximum inside a footprint.
struct Peak {
  Pixel pixel;
  float value = 0.0F;  ///< of the smoothed image [adu]
  bool operator==(Peak const&) const = default;
};

/// The pixels that belong to one detection: spans sorted by row, then column, not touching within a
/// row.
class Footprint {
 public:
  Footprint() = default;
  Footprint(std::vector<Span> spans, std::vector<Peak> peaks);

  std::vector<Span> const& spans() const noexcept { return spans_; }
  std::vector<Peak> const& peaks() const noexcept { return peaks_; }
  std::vector<Peak>& peaks() noexcept { return peaks_; }
  Box const& bbox() const noexcept { return box_; }
  std::int64_t area() const noexcept { return area_; }
  bool contains(Pixel pixel) const noexcept;
  bool operator==(Footprint const&) const = default;

 private:
  std::vector<Span> spans_;
  std::vector<Peak> peaks_;
  Box box_;
  std::int64_t area_ = 0;
};

/// The footprints found in one image.
struct FootprintSet {
  Box box;  ///< of the image that was searched
  std::vector<Footprint> footprints;

  /// Sets `bits` in every pixel of every footprint (clipped to the mask).
  void set_in(Mask& mask, MaskPixel bits) const;
  bool operator==(FootprintSet const&) const = default;
};

template <>
struct ProductTraits<FootprintSet> {
  static constexpr std::string_view id = "almagest.FootprintSet/1";
};

}  // namespace almagest

#pragma once

#include <cstddef>
#include <cstdint>
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

  /// The source's own share of the light [adu], one value per pixel in the order of the spans;
  /// empty where the image's pixels are the source's alone (the stack calls a footprint with values
  /// "heavy").
  std::vector<float> const& values() const noexcept { return values_; }
  /// \throws DataError unless there is one value per pixel
  void set_values(std::vector<float> values);
  bool operator==(Footprint const&) const = default;

 private:
  std::vector<Span> spans_;
  std::vector<Peak> peaks_;
  Box box_;
  std::int64_t area_ = 0;
  std::vector<float> values_;
};

/// What a deblender made of one peak.
struct Child {
  std::size_t parent = 0;  ///< index of the parent's footprint
  bool as_psf = false;     ///< its template is the PSF
  bool ramped = false;     ///< its template was continued beyond the parent's footprint
  bool operator==(Child const&) const = default;
};

/// The footprints found in one image: one per detection, then, once a deblender has run, the
/// children, parent by parent, each with one peak and with values. A child's footprint may be
/// empty: its peak has no light of its own.
struct FootprintSet {
  Box box;  ///< of the image that was searched
  std::vector<Footprint> footprints;
  std::vector<Child> children;       ///< of the last footprints, in the same order
  std::vector<std::size_t> skipped;  ///< blends that the deblender left alone, rising indices

  std::size_t parent_count() const noexcept { return footprints.size() - children.size(); }

  /// Sets `bits` in every pixel of every footprint (clipped to the mask).
  void set_in(Mask& mask, MaskPixel bits) const;
  bool operator==(FootprintSet const&) const = default;
};

template <>
struct ProductTraits<FootprintSet> {
  static constexpr std::string_view id = "almagest.FootprintSet/1";
};

}  // namespace almagest

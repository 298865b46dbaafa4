#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "almagest/image.hpp"

namespace almagest {

using MaskPixel = std::int32_t;

/// Bit planes over an image, each with a name. The dictionary belongs to the mask: combining masks
/// and reading files go by name, never by number.
class Mask {
 public:
  /// The planes every mask starts with, in the order of their bits (LSST's):
  /// BAD, SAT, INTRP, CR, EDGE, DETECTED, DETECTED_NEGATIVE, SUSPECT, NO_DATA.
  static std::vector<std::string> const& standard_planes();

  Mask();
  explicit Mask(Box box);
  /// From pixels and a dictionary of plane name → bit number (0 … 30).
  Mask(Image<MaskPixel> pixels, std::map<std::string, int> planes);

  Box const& bbox() const noexcept { return image_.bbox(); }
  int width() const noexcept { return image_.width(); }
  int height() const noexcept { return image_.height(); }
  Image<MaskPixel> const& image() const noexcept { return image_; }
  Image<MaskPixel>& image() noexcept { return image_; }

  /// Plane names and their bit numbers.
  std::map<std::string, int> const& planes() const noexcept { return planes_; }
  bool has(std::string_view plane) const;

  /// The pixel value with just this plane's bit set. \throws DataError for an unknown plane, with
  /// the known ones
  MaskPixel bit(std::string_view plane) const;
  /// The bits of several planes together; unknown planes are left out when `known_only`.
  MaskPixel bits(std::initializer_list<std::string_view> planes, bool known_only = false) const;
  MaskPixel bits(std::vector<std::string> const& planes) const;

  /// Adds a plane on the lowest free bit, or finds it. \returns its bit value. \throws DataError
  /// when 31 are in use
  MaskPixel add_plane(std::string const& plane);
  /// Clears a plane's bit everywhere; the plane stays declared.
  void clear(std::string_view plane);

  /// Sets the other mask's planes here too, matched by name. \throws DataError when the boxes
  /// differ
  Mask& operator|=(Mask const& other);

 private:
  Image<MaskPixel> image_;
  std::map<std::string, int> planes_;
};

template <>
struct ProductTraits<Mask> {
  static constexpr std::string_view id = "almagest.Mask/1";
};

/// Image, mask and variance of the same box.
struct MaskedImage {
  Image<float> image;  ///< counts [adu], or as the exposure's unit says
  Mask mask;
  Image<float> variance;  ///< square of the image's unit

  MaskedImage() = default;
  explicit MaskedImage(Box box) : image(box), mask(box), variance(box) {}
  Box const& bbox() const noexcept { return image.bbox(); }
};

template <>
struct ProductTraits<MaskedImage> {
  static constexpr std::string_view id = "almagest.MaskedImage/1";
};

}  // namespace almagest

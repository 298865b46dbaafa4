#pragma once

#include <optional>
#include <vector>

#include "almagest/data_id.hpp"
#include "almagest/detector.hpp"
#include "almagest/exposure.hpp"
#include "almagest/header.hpp"
#include "almagest/image.hpp"
#include "almagest/mask.hpp"
#include "almagest/product.hpp"
#include "almagest/wcs.hpp"

namespace almagest {

/// One detector's frame as it was read out: an image per amplifier, prescan and overscan included,
/// in the file's orientation. Cheap to copy: planes are shared until written.
class RawExposure {
 public:
  struct Channel {
    Image<float> image;  ///< [adu]; the boxes of `amplifier()` are regions of it
    Mask mask;           ///< the image's box, or empty as long as nothing is set
    /// The mask, made when it is empty.
    Mask& made_mask() {
      if (mask.image().empty()) mask = Mask(image.bbox());
      return mask;
    }
  };

  DataId id;
  /// With the sections that this file really has: one amplifier per channel, in the same order.
  Detector detector;
  VisitInfo visit_info;
  Header metadata;         ///< cards of the primary HDU
  std::optional<Wcs> wcs;  ///< of the assembled frame, from boresight and rotation
  std::vector<Channel> channels;

  Amplifier const& amplifier(std::size_t channel) const { return detector.amplifiers[channel]; }
};

template <>
struct ProductTraits<RawExposure> {
  static constexpr std::string_view id = "almagest.RawExposure/1";
};

}  // namespace almagest

#pragma once

#include <span>
#include <vector>

#include "almagest/footprint.hpp"
#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

namespace deblend {

/// One source's claim to light.
struct Claim {
  almagest::Image<float> image;       ///< its template [adu]; negative values claim nothing
  std::vector<almagest::Span> spans;  ///< the pixels that it may get light of, inside the image
};

/// Divides an image's light among claims: each gets image · max(0, template)/Σ max(0, template).
///
/// The sum goes over all pixels of each template's image; a claim gets light in its spans only. A
/// pixel that is not finite is passed on to those who claim a part of it.
///
/// \param image  counts; its box holds all spans
/// \param box    where light is divided: pixels of the spans outside get 0
/// \returns for each claim a value per pixel [adu], in the order of its spans
std::vector<std::vector<float>> apportion(almagest::Image<float> const& image,
                                          almagest::Box const& box, std::span<Claim const> claims);

}  // namespace deblend

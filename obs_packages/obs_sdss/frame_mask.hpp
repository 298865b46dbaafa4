#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "almagest/footprint.hpp"
#include "almagest/formatter.hpp"
#include "almagest/image.hpp"
#include "almagest/mask.hpp"
#include "almagest/product.hpp"

namespace obs_sdss {

/// What an SDSS mask file (fpM) says of a frame: runs of pixels, which may reach beyond it.
struct FrameMask {
  int width = 0;   ///< of the frame it belongs to (MASKCOLS)
  int height = 0;  ///< (MASKROWS)
  std::vector<almagest::Span> interpolated;
  std::vector<almagest::Span> saturated;
  std::vector<almagest::Span> cosmic_rays;
};

/// Reads the planes INTERP, SATUR and CR (science document, section 1).
///
/// \throws NotFoundError; DataError for a missing plane or a broken span, naming both
FrameMask read_frame_mask(std::filesystem::path const& path,
                          almagest::Formatter::ReadRequest const&);

/// Sets a plane's bit on all pixels of the spans that lie inside the mask.
void paint(almagest::Mask& mask, std::string_view plane, std::vector<almagest::Span> const& spans);

}  // namespace obs_sdss

template <>
struct almagest::ProductTraits<obs_sdss::FrameMask> {
  static constexpr std::string_view id = "obs_sdss.Mask/1";
};

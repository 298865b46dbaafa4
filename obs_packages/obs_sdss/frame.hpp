#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "almagest/formatter.hpp"
#include "almagest/header.hpp"
#include "almagest/image.hpp"
#include "almagest/product.hpp"

namespace obs_sdss {

/// An SDSS corrected frame (fpC): flat-fielded counts [adu] with a constant pedestal, interpolated
/// over defects, 2048 columns by 1489 rows; the last 128 rows are the first of the next field.
struct Frame {
  almagest::Image<std::uint16_t> pixels;
  almagest::Header header;
};

/// \throws NotFoundError, DataError
Frame read_frame(std::filesystem::path const& path, almagest::Formatter::ReadRequest const&);

}  // namespace obs_sdss

template <>
struct almagest::ProductTraits<obs_sdss::Frame> {
  static constexpr std::string_view id = "obs_sdss.Frame/1";
};

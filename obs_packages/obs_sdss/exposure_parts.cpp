#include "exposure_parts.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string_view>

#include "almagest/geometry.hpp"

namespace obs_sdss {

using namespace almagest;

Image<float> to_counts(Image<std::uint16_t> const& pixels, int rows, double pedestal) {
  auto counts = Image<float>::uninitialised(Box{0, 0, pixels.width(), rows});
  auto const from = pixels.pixels().first(counts.pixels().size());
  auto const offset = static_cast<float>(pedestal);
  std::ranges::transform(from, counts.pixels().begin(), [offset](std::uint16_t value) {
    return static_cast<float>(value) - offset;
  });
  return counts;
}

Image<float> counts_variance(Image<float> const& counts, double gain, double constant) {
  auto variance = Image<float>::uninitialised(counts.bbox());
  auto const divisor = static_cast<float>(gain);
  auto const added = static_cast<float>(constant);
  std::ranges::transform(counts.pixels(), variance.pixels().begin(),
                         [divisor, added](float value) { return value / divisor + added; });
  return variance;
}

VisitInfo visit_info(Header const& header, FieldCalibration const& calibration, int rows,
                     double exposure_time_s, double row_period_s) {
  constexpr double absent = std::numeric_limits<double>::quiet_NaN();
  constexpr double seconds_per_day = 86400.0;
  VisitInfo info;
  info.exposure_time_s = exposure_time_s;
  info.mid_exposure_mjd_tai =
      calibration.mjd + (0.5 * (rows - 1) * row_period_s - 0.5 * exposure_time_s) / seconds_per_day;
  info.airmass = calibration.airmass;
  info.boresight = {header.number_or("RA", absent) * radians_per_degree,
                    header.number_or("DEC", absent) * radians_per_degree};
  return info;
}

Header kept_cards(Header const& header) {
  constexpr auto left_out = std::to_array<std::string_view>(
      {"SIMPLE", "BITPIX",   "NAXIS",   "NAXIS1", "NAXIS2", "EXTEND", "BZERO",
       "BSCALE", "RADECSYS", "CTYPE1",  "CTYPE2", "CUNIT1", "CUNIT2", "CRPIX1",
       "CRPIX2", "CRVAL1",   "CRVAL2",  "CD1_1",  "CD1_2",  "CD2_1",  "CD2_2",
       "BUNITS", "CHECKSUM", "DATASUM", "END"});
  Header kept;
  kept.set_origin(header.origin());
  for (Header::Card const& card : header.cards())
    if (!card.name.empty() && std::ranges::find(left_out, card.name) == left_out.end())
      kept.append(card);
  return kept;
}

}  // namespace obs_sdss

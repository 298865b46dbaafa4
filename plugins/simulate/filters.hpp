#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "almagest/error.hpp"

namespace simulate {

/// What distinguishes the camera's filters; values of real SDSS fields (run 4192, camcol 4),
/// rounded.
struct FilterProperties {
  std::string_view name;
  double gain;           ///< electrons per adu
  double dark_variance;  ///< read-out noise and dark current [adu²]
  double zero_point;     ///< aa: −2.5 log10 of counts per second at magnitude 0 [mag]
  double sky;            ///< brightness of a dark sky [adu per pixel]
  double full_well;      ///< counts at which a pixel saturates [adu]
  double seeing;         ///< FWHM relative to r
  int scan_order;        ///< position in the drift scan, and row of the camera minus 1
};

inline constexpr std::array<FilterProperties, 5> filter_table{{
    {"u", 1.600, 12.60, -23.72, 24.0, 60300, 1.20, 2},
    {"g", 3.995, 1.96, -24.45, 95.0, 50100, 1.10, 4},
    {"r", 4.760, 1.32, -24.00, 145.0, 43700, 1.00, 0},
    {"i", 4.885, 6.25, -23.74, 199.0, 40000, 0.96, 1},
    {"z", 4.775, 9.61, -21.78, 115.0, 63000, 1.05, 3},
}};

inline constexpr std::size_t filter_count = filter_table.size();

/// The position of a filter in the table: u g r i z.
inline std::size_t filter_index(std::string_view name) {
  for (std::size_t i = 0; i < filter_count; ++i)
    if (filter_table[i].name == name) return i;
  throw almagest::ConfigError("there is no SDSS filter '" + std::string(name) +
                              "'; known: u g r i z");
}

inline constexpr double exposure_time_s = 53.907456;  // a star's way over the CCD: 2048 rows
inline constexpr double row_period_s = 0.026322;

}  // namespace simulate

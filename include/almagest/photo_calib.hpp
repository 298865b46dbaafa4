#pragma once

#include "almagest/product.hpp"

namespace almagest {

/// Photometric calibration: instrumental counts to nanojansky (AB magnitude 0 = 3631 Jy).
struct PhotoCalib {
  double flux_mag0 = 1.0;        ///< counts of an AB magnitude 0 source
  double flux_mag0_error = 0.0;  ///< counts

  /// AB zero flux [nJy].
  static constexpr double ab_zero_njy = 3631e9;

  double counts_to_njy(double counts) const noexcept { return counts / flux_mag0 * ab_zero_njy; }
  /// AB magnitude of instrumental counts; NaN for counts ≤ 0.
  double magnitude(double counts) const noexcept;
  bool operator==(PhotoCalib const&) const = default;
};

template <>
struct ProductTraits<PhotoCalib> {
  static constexpr std::string_view id = "almagest.PhotoCalib/1";
};

}  // namespace almagest

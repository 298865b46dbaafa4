#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "almagest/chebyshev.hpp"
#include "almagest/data_id.hpp"
#include "almagest/detector.hpp"
#include "almagest/header.hpp"
#include "almagest/mask.hpp"
#include "almagest/photo_calib.hpp"
#include "almagest/product.hpp"
#include "almagest/psf.hpp"
#include "almagest/wcs.hpp"

namespace almagest {

/// When and how a frame was taken. NaN or empty = not known.
struct VisitInfo {
  std::int64_t exposure_id = 0;  ///< the instrument's unique number, 0 = none
  double exposure_time_s = std::numeric_limits<double>::quiet_NaN();
  double dark_time_s = std::numeric_limits<double>::quiet_NaN();  ///< dark current was collected
  double mid_exposure_mjd_tai = std::numeric_limits<double>::quiet_NaN();
  double airmass = std::numeric_limits<double>::quiet_NaN();
  SkyPoint boresight{std::numeric_limits<double>::quiet_NaN(),
                     std::numeric_limits<double>::quiet_NaN()};
  double rotation_deg = std::numeric_limits<double>::quiet_NaN();  ///< boresight_rotation_angle
  std::string band;              ///< "r"; the instrument's filter role
  std::string physical_filter;   ///< "HSC-R2"
  std::string observation_type;  ///< science, bias, dark, flat …
};

/// Aperture corrections by flux algorithm: a flux is multiplied by its field's value at the source.
using ApertureCorrectionMap = std::map<std::string, Chebyshev2>;

template <>
struct ProductTraits<ApertureCorrectionMap> {
  static constexpr std::string_view id = "almagest.ApertureCorrectionMap/1";
};

/// A masked image with all that is known of it. Cheap to copy: pixel planes are shared until
/// written.
class Exposure {
 public:
  Exposure() = default;
  explicit Exposure(MaskedImage pixels) : pixels_(std::move(pixels)) {}

  Box const& bbox() const noexcept { return pixels_.bbox(); }
  MaskedImage const& masked_image() const noexcept { return pixels_; }
  MaskedImage& masked_image() noexcept { return pixels_; }
  Image<float> const& image() const noexcept { return pixels_.image; }
  Image<float>& image() noexcept { return pixels_.image; }
  Mask const& mask() const noexcept { return pixels_.mask; }
  Mask& mask() noexcept { return pixels_.mask; }
  Image<float> const& variance() const noexcept { return pixels_.variance; }
  Image<float>& variance() noexcept { return pixels_.variance; }

  bool has_psf() const noexcept { return psf != nullptr; }
  /// \throws DataError "the exposure has no PSF" (no WCS, no photometric calibration)
  Psf const& require_psf() const;
  Wcs const& require_wcs() const;
  PhotoCalib const& require_photo_calib() const;

  DataId id;
  Detector detector;
  VisitInfo visit_info;
  Header metadata;  ///< further cards, kept in the primary HDU
  std::optional<Wcs> wcs;
  std::shared_ptr<Psf const> psf;
  std::optional<PhotoCalib> photo_calib;
  ApertureCorrectionMap aperture_corrections;

 private:
  MaskedImage pixels_;
};

template <>
struct ProductTraits<Exposure> {
  static constexpr std::string_view id = "almagest.Exposure/1";
};

}  // namespace almagest

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "almagest/camera_geometry.hpp"
#include "almagest/detector.hpp"
#include "almagest/image.hpp"
#include "almagest/instrument.hpp"
#include "cosmic_rays.hpp"
#include "effects.hpp"
#include "exposure_plan.hpp"
#include "field_map.hpp"
#include "moffat.hpp"
#include "synthetic_sky.hpp"

namespace simulate {

/// What light and silicon are like.
struct SceneSettings {
  Effects effects;
  double zero_point = 26.0;       ///< magnitude of one electron per second
  double sky_magnitude = 20.0;    ///< of a square arcsecond; NaN: no sky
  double seeing_arcsec = 0.7;     ///< FWHM on axis
  double ellipticity = 0.03;      ///< of the PSF, typical
  double vignetted_deg = 0.75;    ///< off axis, where two thirds of the light arrive
  double fringe_amplitude = 0.0;  ///< of the sky, from the mean to the top
  double cosmic_rays = 0.1;       ///< [1/s/cm²]
  double silicon_um = 100.0;
};

/// A source as a detector sees it.
struct SeenSource {
  SkySource const* source = nullptr;
  almagest::Point pixel;
  double magnitude = 0.0;
  double flux = 0.0;        ///< above the atmosphere's and optics' losses off axis [electron]
  double throughput = 1.0;  ///< what of it the optics let through off axis
};

/// A detector's fixed pattern: what never changes from exposure to exposure.
struct DetectorPattern {
  almagest::Image<float> response;  ///< 1 ± …
  /// Pixels that collect charge in the dark.
  struct HotPixel {
    almagest::Pixel pixel;
    double rate = 0.0;  ///< [electron/s]
  };
  std::vector<HotPixel> hot_pixels;
  std::vector<almagest::Box> defects;  ///< in the assembled frame
  almagest::Image<float> fringes;      ///< −1 … 1; empty when none are wanted
};

struct PatternSettings {
  Effects effects;
  int bad_columns = 0;
  /// Defects that the camera has; none: `bad_columns` new ones.
  std::vector<almagest::Box> known_defects;
  bool fringes = false;
};

DetectorPattern make_pattern(almagest::Detector const& detector, PatternSettings const& settings,
                             std::uint64_t seed);

/// A camera's detector under its optics.
class DetectorScene {
 public:
  DetectorScene(almagest::Instrument const& instrument, almagest::Detector const& detector,
                DetectorPattern const& pattern, SceneSettings settings);

  /// Sources whose light may fall on the detector; those with their centre within 20 pixels of it
  /// are `seen`.
  /// \returns expected electrons of an exposure, dark current not yet among them
  almagest::Image<float> light(PlannedExposure const& exposure,
                               std::vector<SkySource> const& sources, std::uint64_t seed,
                               std::vector<SeenSource>& seen) const;
  /// Sky in a pixel on axis [electron/s].
  double sky_rate() const noexcept;
  double pixel_scale_arcsec() const noexcept { return scale_arcsec_; }
  almagest::Detector const& detector() const noexcept { return detector_; }
  SceneSettings const& settings() const noexcept { return settings_; }

 private:
  class PsfField;
  void draw_sources(almagest::Image<float>& image, PlannedExposure const& exposure,
                    std::vector<SkySource> const& sources, PsfField const& psf,
                    std::vector<SeenSource>& seen) const;
  double vignetting(almagest::Point pixel) const;
  almagest::Point axis_degrees(almagest::Point pixel) const;
  double pixel_area(almagest::Point pixel) const;

  almagest::Instrument const& instrument_;
  almagest::Detector const& detector_;
  DetectorPattern const& pattern_;
  SceneSettings settings_;
  double axis_area_ = 1.0;     ///< of a pixel on axis [rad²]
  double scale_arcsec_ = 1.0;  ///< of a pixel on axis
  FieldMap vignetting_;
  FieldMap area_;  ///< of pixels, relative to that on axis
};

/// What collects in the pixels while the shutter is open, and what charge does there.
struct ExposureCharge {
  almagest::Image<float> electrons;
  almagest::Image<float> expected;     ///< without noise, cosmic rays and what charge does
  almagest::Image<float> cosmic_rays;  ///< their electrons
};

struct SiliconSettings {
  Effects effects;
  double dark_rate = 0.0;         ///< [electron/s]
  double cosmic_ray_count = 0.0;  ///< mean
  double pixel_um = 10.0;
  double silicon_um = 100.0;
  almagest::Image<double> repulsion;  ///< brighter-fatter kernel [1/electron]
  /// By amplifier: where it is, and the charge that a pixel holds [electron].
  std::vector<std::pair<almagest::Box, double>> full_wells;
};

ExposureCharge collect_charge(almagest::Image<float> light, DetectorPattern const& pattern,
                              SiliconSettings const& settings, double exposure_time_s,
                              std::uint64_t stream);

}  // namespace simulate

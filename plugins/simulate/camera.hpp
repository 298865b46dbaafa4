#pragma once

#include "almagest/simulator.hpp"
#include "camera_traits.hpp"
#include "camera_truth.hpp"
#include "detector_scene.hpp"
#include "effects.hpp"
#include "exposure_plan.hpp"
#include "raw_file.hpp"
#include "readout.hpp"
#include "synthetic_sky.hpp"

namespace simulate {

/// Raw frames of any camera as its own files: bias, dark, flat and science exposures with what
/// optics, silicon and electronics do to them (ISR document, section 6), the truth beside them, a
/// reference catalogue, and the calibrations that cannot be built from raws.
///
///     sources + sky → optics → photons → silicon → amplifiers → numbers → raw file
///        │                        │
///     truth table            truth images
class Camera final : public almagest::Simulator {
 public:
  void write(Request const& request, almagest::Log& log) const override;

 private:
  /// All that one run needs to know, made from parameters, traits and obs package.
  struct Setup;
  template <class T>
  using Param = almagest::Param<T>;
  using Integer = almagest::Param<std::int64_t>;
  using Number = almagest::Param<double>;
  using Texts = almagest::Param<std::vector<std::string>>;

  Setup set_up(Request const& request) const;
  Effects chosen_effects() const;
  std::vector<PlannedExposure> plan(Setup const& setup) const;
  void aim(PlannedExposure& exposure, Setup const& setup, int dither) const;
  std::vector<SkySource> make_sky(Setup const& setup) const;
  void write_all(std::filesystem::path const& root, Setup const& setup, almagest::Log& log) const;
  void write_detector(std::filesystem::path const& root, Setup const& setup,
                      almagest::Detector const& detector, std::vector<SkySource> const& sources,
                      std::vector<TruthRow>& truth, almagest::Log& log) const;
  void write_calibrations(std::filesystem::path const& directory, Setup const& setup,
                          almagest::Detector const& detector, DetectorPattern const& pattern,
                          Electronics const& electronics, SiliconSettings const& silicon) const;
  void write_references(std::filesystem::path const& directory, Setup const& setup,
                        std::vector<SkySource> const& sources) const;
  SceneSettings scene_settings(Setup const& setup, std::string const& filter) const;
  SiliconSettings silicon_settings(Setup const& setup, almagest::Detector const& detector,
                                   std::vector<Channel> const& channels) const;
  Electronics electronics(Setup const& setup, almagest::Detector const& detector,
                          std::vector<Channel> const& channels) const;

  Param<std::vector<int>> detectors{
      *this, "detectors", {}, "Detectors to simulate; none: some that suit the camera"};
  Texts filters{*this,
                "filters",
                {},
                "Filters of flat and science exposures, as their headers name them; none: one of "
                "the camera's"};
  Integer bias_exposures = Integer{*this, "bias_exposures", 5, "Bias exposures"}.within(0, 1000);
  Integer dark_exposures = Integer{*this, "dark_exposures", 5, "Dark exposures"}.within(0, 1000);
  Integer flat_exposures =
      Integer{*this, "flat_exposures", 5, "Flat exposures in each filter"}.within(0, 1000);
  Integer science_exposures =
      Integer{*this, "science_exposures", 2, "Exposures of the sky in each filter"}.within(0, 1000);
  Number dark_time = Number{*this, "dark_time", 300.0, "Of dark exposures [s]"}.within(0.0, 1e5);
  Number flat_time = Number{*this, "flat_time", 10.0, "Of flat exposures [s]"}.within(0.0, 1e5);
  Number exposure_time =
      Number{*this, "exposure_time", 30.0, "Of science exposures [s]"}.within(0.0, 1e5);
  Param<std::vector<double>> flat_levels =
      Param<std::vector<double>>{
          *this, "flat_levels", {20000.0}, "Light in flats, taken in turn [adu]"}
          .within(1.0, 1e6);
  Number flat_scatter =
      Number{*this, "flat_scatter", 0.03, "Standard deviation of the lamp's brightness, relative"}
          .within(0.0, 0.5);
  Param<std::string> date{*this, "date", "",
                          "Start of the first exposure, YYYY-MM-DDThh:mm:ss in the time scale of "
                          "the camera's headers; \"\": one that suits the camera"};
  Integer first_exposure =
      Integer{*this, "first_exposure", 0,
              "Number of the first exposure, for cameras that count; 0: one that suits the camera"}
          .within(0, 999'999'999);
  Param<std::vector<double>> pointing =
      Param<std::vector<double>>{*this,
                                 "pointing",
                                 {},
                                 "Right ascension and declination of the boresight; none: where "
                                 "the camera's defaults point [deg]"}
          .within(-360.0, 360.0);
  Number rotation = Number{*this, "rotation", 1000.0,
                           "Boresight rotation angle; above 360: the camera's default [deg]"}
                        .within(-360.0, 1000.0);
  Number dither =
      Number{*this, "dither", 120.0, "Step between science exposures [arcsec]"}.within(0.0, 1e5);
  Number pointing_error =
      Number{*this, "pointing_error", 8.0, "Size of the pointing's error [arcsec]"}.within(0.0,
                                                                                           600.0);
  Number rotation_error =
      Number{*this, "rotation_error", 0.02, "Size of the rotation's error [deg]"}.within(0.0, 5.0);
  Param<std::string> object{*this, "object", "SIMULATED", "Name of the field"};
  Number seeing = Number{*this, "seeing", 0.7, "FWHM on axis [arcsec]"}.within(0.05, 20.0);
  Number ellipticity = Number{*this, "ellipticity", 0.03, "Of the PSF, typical"}.within(0.0, 0.3);
  Number sky =
      Number{*this, "sky", 0.0, "Brightness of the sky in all filters; 0: as usual [mag/arcsec2]"}
          .within(0.0, 40.0);
  Number stars = Number{*this, "stars", 8.0, "Stars [1/arcmin2]"}.within(0.0, 10000.0);
  Number galaxies = Number{*this, "galaxies", 12.0, "Galaxies [1/arcmin2]"}.within(0.0, 10000.0);
  Number brightest = Number{*this, "brightest", 14.5, "Brightest star, r [mag]"}.within(0.0, 30.0);
  Number faintest = Number{*this, "faintest", 25.0, "Faintest object, r [mag]"}.within(1.0, 35.0);
  Param<std::string> reference_catalog{
      *this, "reference_catalog", "",
      "Directory of reference shards whose objects are the sky; \"\": a synthetic sky"};
  Param<std::string> position_catalog{
      *this, "position_catalog", "",
      "Directory of shards with better positions of its bright stars, or \"\""};
  Number reference_depth = Number{*this, "reference_depth", 22.0,
                                  "Faintest star of the reference catalogue made, r [mag]"}
                               .within(-10.0, 40.0);
  Number reference_position_error =
      Number{*this, "reference_position_error", 5.0,
             "Error of its positions, standard deviation per axis [mas]"}
          .within(0.0, 10000.0);
  Number reference_flux_error =
      Number{*this, "reference_flux_error", 0.005, "Error of its fluxes, standard deviation [mag]"}
          .within(0.0, 1.0);
  Number proper_motion =
      Number{*this, "proper_motion", 5.0,
             "Proper motion of stars, standard deviation per axis; the reference catalogue's epoch "
             "is 2015.5 [mas/yr]"}
          .within(0.0, 10000.0);
  Texts effects{
      *this,
      "effects",
      {"noise", "sky_gradient", "vignetting", "pixel_area", "prnu", "fringe", "dark", "hot_pixels",
       "cosmic_rays", "saturation", "defects", "cti", "deferred_charge", "crosstalk",
       "nonlinearity", "read_noise", "bias_structure", "overscan_drift", "pointing_error"},
      "Effects to simulate; brighter_fatter is the one that is off by default"};
  Texts with{*this, "with", {}, "Further effects"};
  Texts without{*this, "without", {}, "Effects to leave out"};
  Number cosmic_rays = Number{*this, "cosmic_rays", 0.1, "Tracks [1/s/cm2]"}.within(0.0, 1000.0);
  Number dark_current = Number{*this, "dark_current", -1.0,
                               "Per pixel; below 0: as the camera's usually is [electron/hour]"}
                            .within(-1.0, 1e7);
  Integer bad_columns =
      Integer{*this, "bad_columns", 3, "Dim or bright columns of a detector"}.within(0, 100);
  Number fringe_amplitude =
      Number{*this, "fringe_amplitude", 0.02, "Of fringes, relative to the sky"}.within(0.0, 0.5);
  Texts fringe_filters{*this, "fringe_filters", {}, "Filters with fringes; none: the camera's"};
  Number read_noise =
      Number{*this, "read_noise", 0.0, "0: the camera's own [electron]"}.within(0.0, 1000.0);
  Number cti = Number{*this, "cti", -1.0,
                      "Fraction of charge left behind per serial transfer, for amplifiers of which "
                      "the obs package does not say; below 0: as the camera's usually is"}
                   .within(-1.0, 1e-3);
  Number cti_release =
      Number{*this, "cti_release", 1.0, "Fraction of it that comes with the next pixel"}.within(
          0.01, 1.0);
  Number drift_scale = Number{*this, "drift_scale", 0.0,
                              "Fraction of a pixel's signal that the output remembers, likewise"}
                           .within(0.0, 0.1);
  Number drift_length =
      Number{*this, "drift_length", 2.0, "Pixels after which 1/e of that is left [pixel]"}.within(
          0.01, 1e4);
  Param<std::map<std::string, std::string>> cards{
      *this,
      "cards",
      {},
      "Further cards of the primary headers; {exposure}, {sequence}, {detector}, {filter} and "
      "{type} "
      "in them stand for the frame's"};
  Param<std::string> compression =
      Param<std::string>{*this, "compression", "none", "Of raw files' images; HSC's have none"}
          .one_of({"none", "gzip", "rice"});
  Param<bool> truth_images{
      *this, "truth_images", false,
      "Write for each science exposure what its pixels hold without noise, and its cosmic rays"};
};

}  // namespace simulate

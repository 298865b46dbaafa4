#pragma once

#include "almagest/simulator.hpp"
#include "scene.hpp"
#include "sdss_files.hpp"
#include "truth.hpp"

namespace simulate {

/// One field of an SDSS scan in any of its filters, as a Gen2 repository with the survey's five
/// file types, the truth beside it (`truth.csv`, `truth.fits`), and a reference catalogue
/// (`ref_cats/simulated`).
///
/// Stars and galaxies are sums of Gaussians on a flat sky; the PSF changes over the field; noise
/// follows gain and dark variance; bright stars saturate and bleed. Nothing here is shared with
/// what measures images.
class SdssField final : public almagest::Simulator {
 public:
  void write(Request const& request, almagest::Log& log) const override;

 private:
  using Integer = almagest::Param<std::int64_t>;
  using Number = almagest::Param<double>;

  FieldDescription describe(std::uint64_t seed) const;
  /// Distance of the stars of a pair [pixel]. \throws ConfigError when they may leave their cell
  double pair_separation(FieldDescription const& description) const;
  std::vector<SkyObject> make_objects(FieldDescription const& description,
                                      std::uint64_t seed) const;
  void write_files(std::filesystem::path const& root, FieldDescription const& description,
                   std::vector<SkyObject> objects, std::uint64_t seed, almagest::Log& log) const;

  almagest::Param<std::vector<std::string>> filters =
      almagest::Param<std::vector<std::string>>{
          *this, "filters", {"g", "r", "i"}, "Filters to make frames in"}
          .one_of({"u", "g", "r", "i", "z"});
  Integer run = Integer{*this, "run", 1000, "Number of the scan"}.within(1, 99999);
  Integer camcol = Integer{*this, "camcol", 3, "Column of the camera"}.within(1, 6);
  Integer field = Integer{*this, "field", 100, "Number of the field"}.within(0, 9999);
  Integer rerun = Integer{*this, "rerun", 40, "Number of the reduction"}.within(0, 9999);
  Integer width = Integer{*this, "width", 2048, "Columns of a frame [pixel]"}.within(64, 8192);
  Integer height =
      Integer{*this, "height", 1489, "Rows of a frame, the overlap of 128 included [pixel]"}.within(
          192, 8192);
  Integer stars = Integer{*this, "stars", 500, "Stars in the frame"}.within(0, 100000);
  Integer galaxies = Integer{*this, "galaxies", 300, "Galaxies in the frame"}.within(0, 100000);
  Integer saturated_stars =
      Integer{*this, "saturated_stars", 3, "Stars of 13th magnitude"}.within(0, 1000);
  Integer cosmic_rays =
      Integer{*this, "cosmic_rays", 60, "Cosmic rays, found and interpolated over"}.within(0,
                                                                                           100000);
  Integer bad_columns =
      Integer{*this, "bad_columns", 3, "Columns that are interpolated over"}.within(0, 100);
  Number fwhm = Number{*this, "fwhm", 2.7, "Seeing in r [pixel]"}.within(1.8, 5.0);
  Number sky_scale =
      Number{*this, "sky", 1.0, "Brightness of the sky, 1 = a dark night"}.within(0.01, 100.0);
  almagest::Param<std::string> layout =
      almagest::Param<std::string>{*this, "layout", "random",
                                   "random: a field of the sky with 'stars', 'galaxies' and "
                                   "'saturated_stars'; grid: isolated stars, one in each cell of a "
                                   "square grid; pairs: a pair of stars in each cell"}
          .one_of({"random", "grid", "pairs"});
  Number spacing =
      Number{*this, "spacing", 48.0, "Side of a cell of grid or pairs [pixel]"}.within(8.0, 1000.0);
  Number lowest_snr = Number{*this, "lowest_snr", 10.0,
                             "Lowest signal to noise of a star of grid or pairs, in every filter"}
                          .within(0.1, 1e5);
  Number highest_snr =
      Number{*this, "highest_snr", 300.0, "Highest; uniform in the logarithm between them"}.within(
          0.1, 1e5);
  Integer calibration_stars =
      Integer{*this, "calibration_stars", 0,
              "Cells of grid or pairs with one star of signal to noise 600 instead, so that a "
              "pipeline can calibrate itself"}
          .within(0, 100000);
  Number separation =
      Number{*this, "separation", 1.5,
             "Distance of the stars of a pair, at most half of a cell [FWHM of the first filter's "
             "PSF at mid-frame]"}
          .within(0.1, 20.0);
  Number reference_depth =
      Number{*this, "reference_depth", 21.0, "Faintest star of the reference catalogue, r [mag]"}
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
             "Proper motion of stars, standard deviation per axis [mas/yr]; the reference "
             "catalogue's epoch is 14 years later"}
          .within(0.0, 10000.0);
};

}  // namespace simulate

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/matches.hpp"
#include "almagest/reference_catalog.hpp"
#include "almagest/source_catalog.hpp"
#include "almagest/task.hpp"

#include "field_match.hpp"

namespace astrometry {

/// Matches the sources to a reference catalogue and refits the WCS with them.
///
///     sources ──► good stars ─┐                          ┌► matches
///                             ├► pattern ► match ⇄ fit ──┼► exposure with its WCS
///     ref_cat ──► at the      │                          └► sources with their coordinates
///                 epoch ──────┘
class Match final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  /// Skips the step, if so asked, when the field is not found.
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;

  // Which sources.
  Param<std::string> flux{*this, "flux", "base_PsfFlux",
                          "Flux that tells signal-to-noise and brightness: <flux>_instFlux, "
                          "<flux>_instFluxErr and, where there is one, <flux>_flag"};
  Param<std::string> centroid{*this, "centroid", "base_SdssCentroid",
                              "Centroid: <centroid>_x, _y, _xErr, _yErr and _flag"};
  Param<double> minimum_signal_to_noise =
      Param<double>{*this, "minimum_signal_to_noise", 30.0,
                    "Fainter sources are matched, but neither find the field nor enter the fit"}
          .within(0.0, 1e6);
  Param<std::vector<std::string>> bad_flags{
      *this,
      "bad_flags",
      {"base_PixelFlags_flag_edge", "base_PixelFlags_flag_interpolatedCenter",
       "base_PixelFlags_flag_saturatedCenter"},
      "Sources with one of these are matched, but neither find the field nor enter the fit"};
  Param<bool> stars_only{*this, "stars_only", true,
                         "Neither do extended sources (base_ClassificationExtendedness_value of "
                         "0.5 or more, or not known), where the catalogue tells"};

  // The reference catalogue.
  Param<std::map<std::string, std::string>> filter_map{
      *this, "filter_map", {}, "Band of the exposure -> band of the reference catalogue"};

  // Finding the field.
  Param<double> maximum_shift =
      Param<double>{*this, "maximum_shift", 15.0, "How far off the WCS may be [arcsec]"}.within(
          0.0, 3600.0);
  Param<double> maximum_rotation =
      Param<double>{*this, "maximum_rotation", 1.0, "How far turned the WCS may be [deg]"}.within(
          0.0, 10.0);
  Param<double> pattern_tolerance =
      Param<double>{*this, "pattern_tolerance", 2.0,
                    "How far apart a source and its reference object may be when the field is "
                    "found: distortion that the WCS lacks [arcsec]"}
          .within(0.01, 60.0);
  Param<int> brightest =
      Param<int>{*this, "brightest", 200, "Sources and objects that find the field"}.within(3,
                                                                                            2000);
  Param<double> radius_sigmas =
      Param<double>{*this, "radius_sigmas", 5.0,
                    "Radius of the final match, in units of the scatter per axis"}
          .within(1.0, 100.0);
  Param<double> smallest_radius =
      Param<double>{*this, "smallest_radius", 0.25, "… but at least this [arcsec]"}.within(0.0,
                                                                                           60.0);

  // The fit.
  Param<std::string> fit =
      Param<std::string>{
          *this, "fit", "affine",
          "'affine' refits CRVAL and CD and keeps the distortion; 'tan_sip' fits a TAN-SIP anew; "
          "'none' leaves WCS and coordinates as they are (the stack's forceKnownWcs)"}
          .one_of({"affine", "tan_sip", "none"});
  Param<int> row_order =
      Param<int>{*this, "row_order", 1,
                 "Highest power of the row in 'affine': 2 follows what the air does while a drift "
                 "scan passes, which depends on the row alone"}
          .within(1, 4);
  Param<int> sip_order =
      Param<int>{*this, "sip_order", 3,
                 "Order of 'tan_sip'; lower where there are not two stars for each of its (order + "
                 "1)(order + 2) numbers, or where it loses more than a tenth of the affine fit's "
                 "stars, and 'affine' below order 2"}
          .within(2, 6);
  Param<double> clip = Param<double>{*this, "clip", 3.0,
                                     "Stars further off, in units of the typical distance, are "
                                     "left out of the fit"}
                           .within(1.0, 100.0);
  Param<double> systematic_error =
      Param<double>{*this, "systematic_error", 20.0,
                    "Error of each star beside those known, from the air and from motions that the "
                    "catalogue lacks [mas]"}
          .within(0.0, 1e4);
  Param<double> reserve =
      Param<double>{*this, "reserve", 0.0,
                    "Fraction of the good stars left out of the fit, to judge it by"}
          .within(0.0, 0.9);
  Param<double> reserve_from =
      Param<double>{*this, "reserve_from", 0.0,
                    "Which stars these are: those whose object's id hashes to reserve_from … "
                    "reserve_from + reserve, of 0 … 1 and around"}
          .within(0.0, 1.0);

  // Gates against nonsense.
  Param<int> minimum_matches =
      Param<int>{*this, "minimum_matches", 8, "Fewer matched good stars are no match"}.within(
          3, 100000);
  Param<double> maximum_scatter =
      Param<double>{*this, "maximum_scatter", 0.3,
                    "Nor is a larger scatter per axis after the fit [arcsec]"}
          .within(0.0, 60.0);
  Param<double> maximum_scale_change =
      Param<double>{*this, "maximum_scale_change", 0.01,
                    "Nor is a larger relative change of the pixel scale"}
          .within(0.0, 1.0);
  Param<std::string> not_found =
      Param<std::string>{
          *this, "not_found", "fail",
          "What to do when the field is not found: too few stars, no objects, no "
          "pattern, a match that fails a gate. \"skip\" is for a step whose products "
          "nobody needs; a reference catalogue that does not cover the field, or "
          "cannot be read, is a failure either way"}
          .one_of({"fail", "skip"});

  almagest::In<almagest::Exposure> exposure{*this, "exposure"};
  almagest::In<almagest::SourceCatalog> sources{*this, "sources"};
  almagest::In<almagest::ReferenceCatalog> reference_catalog{*this, "ref_cat"};
  almagest::Out<almagest::Exposure> fitted_exposure{*this, "exposure", "With the refitted WCS"};
  almagest::Out<almagest::SourceCatalog> matched_sources{
      *this, "sources", "With coordinates of the refitted WCS and calib_astrometry_used"};
  almagest::Out<almagest::Matches> matches{*this, "matches"};

  almagest::Metric<std::int64_t> match_count{*this, "matches", "", "Matched sources"};
  almagest::Metric<std::int64_t> star_count{*this, "stars", "",
                                            "Good stars among them, which the fit may use"};
  almagest::Metric<std::int64_t> fit_count{*this, "fitted", "", "Stars that the fit used"};
  almagest::Metric<double> ra_offset{*this, "ra_offset", "mas",
                                     "Median of source − reference along right ascension under the "
                                     "given WCS"};
  almagest::Metric<double> dec_offset{*this, "dec_offset", "mas",
                                      "Median of source − reference along declination under the "
                                      "given WCS"};
  almagest::Metric<double> ra_scatter{*this, "ra_scatter", "mas",
                                      "Root mean square distance of the fitted stars along right "
                                      "ascension, per degree of freedom; with fit = 'none' of the "
                                      "stars that a fit would take, under the given WCS"};
  almagest::Metric<double> dec_scatter{*this, "dec_scatter", "mas", "The same along declination"};
  almagest::Metric<double> scale_change{*this, "scale_change", "",
                                        "Pixel scale of the fit over the given one, minus 1; not "
                                        "with fit = 'none'"};
  almagest::Metric<double> rotation{*this, "rotation", "deg",
                                    "Rotation from the given WCS to the fit; not with fit = "
                                    "'none'"};

  /// A flag with its name, for messages.
  struct Flag {
    almagest::Key<bool> key;
    std::string name;
  };
  /// \throws MeasurementError when the field is not found
  void match(almagest::Context& context) const;
  struct Selection;
  Selection select(almagest::SourceCatalog const& catalog) const;
  almagest::ReferenceRequest request(almagest::Exposure const& image) const;
  FieldMatchOptions options() const;
  bool is_reserved(std::int64_t reference_id) const;
  struct Quality;
  Quality judge(FieldMatch const& found, std::span<Star const> stars,
                std::span<almagest::ReferenceObject const> objects, almagest::Wcs const& given,
                almagest::Box const& box) const;
  /// \throws MeasurementError naming the gate that the match does not pass
  void check(Quality const& quality, std::size_t good_stars) const;
  almagest::Matches matches_of(FieldMatch const& found, Selection const& selection,
                               std::span<almagest::ReferenceObject const> objects,
                               almagest::Wcs const& wcs, almagest::SourceCatalog& catalog) const;
  void move_sources(almagest::SourceCatalog& catalog, almagest::Wcs const& wcs) const;
  void describe(almagest::Header& header, FieldMatch const& found, Quality const& quality) const;
  void report(FieldMatch const& found, Quality const& quality, almagest::Context& context) const;

  almagest::Schema schema_;
  almagest::Key<std::int64_t> id_;
  almagest::Key<double> ra_, dec_, x_, y_, flux_, flux_error_, extendedness_;
  almagest::Key<float> x_error_, y_error_;
  almagest::Key<bool> centroid_flag_, flux_flag_, used_, reserved_;
  almagest::Key<std::int32_t> child_count_;
  std::vector<Flag> bad_;
};

}  // namespace astrometry

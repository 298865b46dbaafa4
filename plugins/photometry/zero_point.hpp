#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/matches.hpp"
#include "almagest/source_catalog.hpp"
#include "almagest/task.hpp"

#include "clipped_median.hpp"

namespace photometry {

/// Measures the photometric zero point: the median of reference magnitude − instrumental magnitude
/// over the matched stars, without outliers.
class ZeroPoint final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;

  Param<std::string> flux{*this, "flux", "base_PsfFlux",
                          "Flux that is calibrated: <flux>_instFlux, <flux>_instFluxErr and "
                          "<flux>_flag; the LSST stack takes base_CircularApertureFlux_12_0, to "
                          "which its PSF fluxes are not corrected"};
  Param<std::vector<std::string>> bad_flags{
      *this,
      "bad_flags",
      {"base_PixelFlags_flag_edge", "base_PixelFlags_flag_interpolated",
       "base_PixelFlags_flag_saturated"},
      "Sources with one of these do not take part"};
  Param<bool> stars_only{*this, "stars_only", true,
                         "Nor do extended sources (base_ClassificationExtendedness_value of 0.5 or "
                         "more, or not known), where the catalogue tells"};
  Param<double> match_radius =
      Param<double>{*this, "match_radius", 0.25,
                    "Nor sources further from their reference object [arcsec]"}
          .within(0.0, 60.0);
  Param<double> minimum_signal_to_noise =
      Param<double>{*this, "minimum_signal_to_noise", 0.0, "Nor fainter sources"}.within(0.0, 1e6);
  Param<double> maximum_reference_error =
      Param<double>{*this, "maximum_reference_error", 1e3,
                    "Nor objects whose catalogued magnitude is less certain [mag]"}
          .within(0.0, 1e3);
  Param<std::string> clipping =
      Param<std::string>{
          *this, "clipping", "errors",
          "Outliers are stars beyond 3 sigma: with \"errors\" of their own error, which is that of "
          "flux and reference flux and the scatter that all stars have beside it, and stars weigh "
          "by it; with \"scatter\" of the scatter of those kept, from a histogram's mode on, as "
          "the "
          "LSST stack does, which leaves out good faint stars"}
          .one_of({"errors", "scatter"});
  Param<double> error_floor =
      Param<double>{*this, "error_floor", 0.01,
                    "With clipping = \"errors\": the least scatter that stars have beside their "
                    "errors, from colours, flat fields and variability [mag]"}
          .within(1e-5, 1.0);
  Param<double> largest_sigma =
      Param<double>{*this, "largest_sigma", 0.25,
                    "Stars are left out as if the scatter, with \"errors\" that beside the errors, "
                    "were this where it is larger [mag]"}
          .within(1e-4, 10.0);

  // Gates against nonsense.
  Param<int> minimum_stars =
      Param<int>{*this, "minimum_stars", 5, "Fewer stars after clipping are a failure"}.within(
          2, 100000);
  Param<double> maximum_scatter =
      Param<double>{*this, "maximum_scatter", 0.15,
                    "A larger scatter is a failure; with clipping = \"errors\", one beside the "
                    "stars' errors [mag]"}
          .within(0.0, 10.0);

  almagest::In<almagest::Exposure> exposure{*this, "exposure"};
  almagest::In<almagest::SourceCatalog> sources{*this, "sources"};
  almagest::In<almagest::Matches> matches{*this, "matches"};
  almagest::Out<almagest::Exposure> calibrated{*this, "exposure",
                                               "With its photometric calibration"};
  almagest::Out<almagest::SourceCatalog> used_sources{*this, "sources",
                                                      "With calib_photometry_used"};

  almagest::Metric<double> zero_point{*this, "zero_point", "mag", "AB magnitude of 1 adu"};
  almagest::Metric<double> scatter{*this, "scatter", "mag",
                                   "Standard deviation of a star's zero point, from the quartiles "
                                   "of those kept"};
  almagest::Metric<double> zero_point_error{*this, "zero_point_error", "mag",
                                            "Standard error of the zero point"};
  almagest::Metric<std::int64_t> star_count{*this, "stars", "", "Stars that gave it"};
  almagest::Metric<std::int64_t> candidate_count{*this, "candidates", "",
                                                 "Stars before outliers were left out"};

  struct Flag {
    almagest::Key<bool> key;
    std::string name;
  };
  struct Candidates;
  ClippedMedian median_of(Candidates const& candidates) const;
  /// \throws MeasurementError naming the gate that the stars do not pass
  void check(ClippedMedian const& zero, Candidates const& candidates, std::size_t matched) const;
  Candidates select(almagest::SourceCatalog const& catalog, almagest::Matches const& pairs) const;

  almagest::Schema schema_;
  almagest::Key<std::int64_t> id_;
  almagest::Key<double> flux_, flux_error_, extendedness_;
  almagest::Key<bool> flux_flag_, used_;
  std::vector<Flag> bad_;
};

}  // namespace photometry

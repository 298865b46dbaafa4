#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/source_catalog.hpp"
#include "almagest/star_selector.hpp"
#include "almagest/task.hpp"

#include "correction_fit.hpp"

namespace measurement {

/// Finds by how much each kind of flux falls short of the flux in a circle, as a function of the
/// position, from stars (science document, section 2.4).
class ApertureCorrection final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  struct FluxColumns {
    almagest::Key<double> flux;
    almagest::Key<bool> flag;
  };
  static FluxColumns columns_of(almagest::Schema const& schema, std::string const& algorithm);
  struct Star {
    std::size_t row;
    double reference;  ///< flux that the others are brought to
  };
  std::vector<Star> measure_stars(almagest::SourceCatalog const& sources,
                                  std::vector<std::size_t> const& rows,
                                  almagest::Exposure const& exposure) const;
  std::vector<almagest::Chebyshev2::Sample> usable(almagest::SourceCatalog const& sources,
                                                   std::vector<Star> const& stars,
                                                   FluxColumns const& columns) const;
  void give_up(std::string const& flux, std::size_t usable, std::size_t chosen,
               almagest::SourceCatalog const& sources, almagest::Log& log) const;

  almagest::Components<almagest::StarSelector> selector{
      *this, "selector", {"objectSize"}, "What tells stars from other sources; exactly one"};
  almagest::Param<double> radius =
      almagest::Param<double>{*this, "radius", 6.0,
                              "The fluxes are brought to that in a circle of this radius "
                              "(base_CircularApertureFlux) [pixel]"}
          .within(0.5, 10.0);
  almagest::Param<bool> total{
      *this, "total", true,
      "Divide that flux by the share of the PSF's light in the circle, so that corrected fluxes "
      "mean all of the light; the LSST stack does not, and its fluxes mean those in the circle"};
  almagest::Param<std::vector<std::string>> fluxes{
      *this,
      "fluxes",
      {"base_PsfFlux", "base_GaussianFlux"},
      "Fluxes to correct, as their columns' names begin"};
  almagest::Param<std::string> centroid{*this, "centroid", "base_SdssCentroid",
                                        "Columns <centroid>_x and <centroid>_y: where a star is"};
  almagest::Param<int> order =
      almagest::Param<int>{*this, "order", CorrectionFitOptions{}.order,
                           "Greatest order of the polynomial; fewer stars lower it"}
          .within(0, 20);
  almagest::Param<std::string> order_choice =
      almagest::Param<std::string>{
          *this, "order_choice",
          CorrectionFitOptions{}.cross_validate ? "cross_validated" : "greatest",
          "Which order is taken: \"cross_validated\", the one that predicts stars best that are "
          "left out of the fit, or \"greatest\", as the LSST stack does"}
          .one_of({"cross_validated", "greatest"});
  almagest::Param<double> clip =
      almagest::Param<double>{*this, "clip", CorrectionFitOptions{}.clip,
                              "Stars further off the fit are dropped [rms]"}
          .within(0.5, 1000.0);
  almagest::Param<int> clip_passes =
      almagest::Param<int>{*this, "clip_passes", CorrectionFitOptions{}.clip_passes,
                           "Fits after which stars are dropped; one more fit follows"}
          .within(0, 100);
  almagest::Param<int> min_stars =
      almagest::Param<int>{*this, "min_stars", 2,
                           "Fewest stars; 1 takes the correction of a single star for the whole "
                           "frame"}
          .within(1, 1000000);
  almagest::Param<std::string> too_few =
      almagest::Param<std::string>{
          *this, "too_few", "leave",
          "With fewer stars: \"leave\" the flux uncorrected, with a warning, or \"fail\", as the "
          "LSST stack does"}
          .one_of({"leave", "fail"});

  almagest::In<almagest::Exposure> exposure{*this, "exposure"};
  almagest::In<almagest::SourceCatalog> sources{*this, "sources",
                                                "Bright sources, measured, with pixel flags"};
  almagest::Out<almagest::Exposure> corrected{*this, "exposure",
                                              "The same, with its aperture corrections"};
  almagest::Out<almagest::ApertureCorrectionMap> corrections{
      *this, "aperture_corrections", "By flux: multiply by its value at the source"};

  almagest::Metric<std::int64_t> star_count{*this, "stars", "",
                                            "Stars chosen for the aperture corrections"};
  almagest::Metric<std::int64_t> used_count{*this, "stars_used", "",
                                            "Stars in the last fit of the first flux"};
  almagest::Metric<double> mean{*this, "correction", "",
                                "Mean correction of the first flux at the stars"};
  almagest::Metric<double> scatter{*this, "correction_scatter", "",
                                   "rms residual of the first flux's stars"};

  almagest::Key<double> x_, y_;
  std::string reference_flux_;
  FluxColumns reference_;
  almagest::Image<float> circle_;          // weights
  std::vector<FluxColumns> flux_columns_;  // as in `fluxes`
};

}  // namespace measurement

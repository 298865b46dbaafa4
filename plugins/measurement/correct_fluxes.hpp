#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/source_catalog.hpp"
#include "almagest/task.hpp"

namespace measurement {

/// Multiplies fluxes and their errors by the aperture correction at each source.
///
/// Where it is not positive, or a source has no position, a flux stays as it is and is flagged. In
/// a frame without a correction, for want of stars to find it with, fluxes stay as they are, good
/// for whatever compares them with each other, and `<flux>_flag_apCorr` says so.
class CorrectFluxes final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  struct Columns {
    almagest::Key<double> flux, error;
    almagest::Key<double> correction, correction_error;
    almagest::Key<bool> flag, not_corrected;
  };

  almagest::Param<std::vector<std::string>> fluxes{
      *this,
      "fluxes",
      {"base_PsfFlux", "base_GaussianFlux"},
      "Fluxes to correct, as their columns' names begin"};
  almagest::Param<std::string> centroid{*this, "centroid", "base_SdssCentroid",
                                        "Columns <centroid>_x and <centroid>_y: where a source is"};

  almagest::Param<bool> flag_uncorrected{
      *this, "flag_uncorrected", false,
      "Set <flux>_flag too in a frame without a correction of this flux, as the LSST stack does; "
      "nothing is then classified, nor calibrated with it"};

  almagest::In<almagest::SourceCatalog> sources{*this, "sources"};
  almagest::In<almagest::ApertureCorrectionMap> corrections{*this, "aperture_corrections"};
  almagest::Out<almagest::SourceCatalog> corrected{
      *this, "sources", "The same, its fluxes corrected, and by how much in further columns"};

  almagest::Metric<std::int64_t> failures{*this, "not_corrected", "",
                                          "Fluxes left as they were, over all sources"};

  almagest::Schema schema_;
  almagest::Key<double> x_, y_;
  std::vector<Columns> columns_;  // as in `fluxes`
};

}  // namespace measurement

#pragma once

#include <cstdint>
#include <string>

#include "almagest/source_catalog.hpp"
#include "almagest/task.hpp"

namespace measurement {

/// Tells point sources from extended ones: those whose own shape holds more light than the PSF
/// does.
class Classify final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<double> flux_ratio =
      almagest::Param<double>{*this, "flux_ratio", 0.925,
                              "A source is a point where this times the extended flux is below the "
                              "PSF flux"}
          .within(0.0, 10.0);
  almagest::Param<std::string> point_flux{*this, "point_flux", "base_PsfFlux",
                                          "Flux of a point source, as its columns' names begin"};
  almagest::Param<std::string> extended_flux{
      *this, "extended_flux", "base_GaussianFlux",
      "Flux that follows the source's shape, as its columns' names begin"};

  almagest::In<almagest::SourceCatalog> sources{*this, "sources", "With corrected fluxes"};
  almagest::Out<almagest::SourceCatalog> classified{*this, "sources"};

  almagest::Metric<std::int64_t> point_count{*this, "point_sources", "", "Sources with value 0"};
  almagest::Metric<std::int64_t> extended_count{*this, "extended_sources", "",
                                                "Sources with value 1"};

  almagest::Schema schema_;
  almagest::Key<double> point_, extended_, value_;
  almagest::Key<bool> point_bad_, flag_;
};

}  // namespace measurement

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "almagest/exposure.hpp"
#include "almagest/source_catalog.hpp"
#include "almagest/star_selector.hpp"
#include "almagest/task.hpp"

namespace psf {

/// Gives an exposure a Gaussian PSF as wide as its stars are. It stands in for a model of the PSF.
class Seeing final : public almagest::Task {
 public:
  void prepare(almagest::Setup& setup) override;
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  struct Width {
    double sigma = 0.0;     ///< median over the stars [pixel]
    std::size_t stars = 0;  ///< that have a size
  };
  Width width_of(almagest::SourceCatalog const& sources, almagest::Exposure const& image) const;

  almagest::Components<almagest::StarSelector> selector{
      *this, "selector", {"objectSize"}, "What tells stars from other sources; exactly one"};
  almagest::Param<std::string> shape{
      *this, "shape", "base_SdssShape",
      "Columns <shape>_xx, <shape>_yy, <shape>_xy: adaptive moments"};
  almagest::Param<int> min_stars =
      almagest::Param<int>{*this, "min_stars", 5,
                           "With fewer stars the PSF stays as it is, with a warning"}
          .within(1, 1000000);
  almagest::Param<int> kernel_size =
      almagest::Param<int>{*this, "kernel_size", 0,
                           "Side of the kernel, odd; 0 for one that holds 5 sigma [pixel]"}
          .within(0, 1001);

  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::In<almagest::SourceCatalog> sources{*this, "sources", "Bright sources, measured"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "With its PSF"};

  almagest::Metric<double> seeing_fwhm{*this, "seeing_fwhm", "pixel",
                                       "Full width at half maximum of the stars"};
  almagest::Metric<std::int64_t> stars{*this, "stars", "", "Stars that give it"};

  almagest::Key<double> xx_, yy_, xy_;
};

}  // namespace psf

#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "almagest/star_selector.hpp"

#include "size_cluster.hpp"

namespace measurement {

/// Stars are bright, unflagged, and all of one small size: smallest_cluster() of the widths
/// √((xx + yy)/2) (science document, section 2.4).
class ObjectSize final : public almagest::StarSelector {
 public:
  void prepare(almagest::Schema const& schema) override;
  std::vector<std::size_t> select(almagest::SourceCatalog const& sources,
                                  almagest::Exposure const& exposure) const override;
  std::string explain(almagest::SourceCatalog const& sources) const override;

 private:
  /// Cuts in the order in which they are tried: too faint, too noisy, each bad flag, the width.
  std::size_t cut_count() const noexcept { return bad_.size() + 3; }
  /// The first cut that removes a row; cut_count() when none does.
  std::size_t cut_of(almagest::SourceCatalog const& sources, std::size_t row) const;
  std::string name_of(std::size_t cut) const;
  double width(almagest::SourceCatalog const& sources, std::size_t row) const;

  almagest::Param<std::string> flux{*this, "flux", "base_GaussianFlux_instFlux",
                                    "Column of the flux that tells bright sources"};
  almagest::Param<double> min_signal_to_noise =
      almagest::Param<double>{
          *this, "min_signal_to_noise", 100.0,
          "Least flux of a star, in units of its error (column <flux>Err): at 100 "
          "the faintest star's is known to 1 %; 0 for any"}
          .within(0.0, 1e30);
  almagest::Param<double> min_flux =
      almagest::Param<double>{*this, "min_flux", 0.0,
                              "Least flux of a star, whatever its error, as the LSST stack has it "
                              "[ct]"}
          .within(0.0, 1e30);
  almagest::Param<double> max_width =
      almagest::Param<double>{*this, "max_width", 10.0, "Greatest width of a star [pixel]"}.within(
          0.0, 1e6);
  almagest::Param<std::string> shape{*this, "shape", "base_SdssShape",
                                     "Columns <shape>_xx and <shape>_yy that give the width"};
  almagest::Param<std::vector<std::string>> bad_flags{
      *this,
      "bad_flags",
      {"base_PixelFlags_flag_edge", "base_PixelFlags_flag_interpolated", "base_PixelFlags_flag_bad",
       "base_PixelFlags_flag_interpolatedCenter", "base_PixelFlags_flag_saturatedCenter",
       "base_PixelFlags_flag_crCenter"},
      "A source with any of these flags is no star"};
  almagest::Param<int> clusters =
      almagest::Param<int>{*this, "clusters", SizeClusterOptions{}.clusters,
                           "Clusters of widths; the stars are the first"}
          .within(1, 100);
  almagest::Param<double> start_quantile =
      almagest::Param<double>{*this, "start_quantile", SizeClusterOptions{}.start_quantile,
                              "Rank of the width at which the stars' cluster starts, as a fraction"}
          .within(0.0, 1.0);
  almagest::Param<double> spread =
      almagest::Param<double>{*this, "spread", SizeClusterOptions{}.spread,
                              "Scatter of the stars' widths over their median: clusters start "
                              "twice this apart, clipping stops below it"}
          .within(0.0, 10.0);
  almagest::Param<double> clip =
      almagest::Param<double>{*this, "clip", SizeClusterOptions{}.clip,
                              "Widths this far from the stars' median are dropped [sigma]"}
          .within(0.0, 1000.0);
  almagest::Param<int> clip_passes =
      almagest::Param<int>{*this, "clip_passes", SizeClusterOptions{}.clip_passes,
                           "Greatest number of clipping passes"}
          .within(0, 1000);
  almagest::Param<int> least_to_clip =
      almagest::Param<int>{*this, "least_to_clip",
                           static_cast<int>(SizeClusterOptions{}.least_to_clip),
                           "Fewer stars than this are not clipped"}
          .within(0, 1000000);

  almagest::Key<double> flux_, flux_error_, xx_, yy_;
  std::vector<almagest::Key<bool>> bad_;
};

}  // namespace measurement

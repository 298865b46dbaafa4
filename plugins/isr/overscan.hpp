#pragma once

#include <string>
#include <vector>

#include "almagest/raw_exposure.hpp"
#include "almagest/task.hpp"

#include "overscan_levels.hpp"

namespace isr {

/// The parameters that say how an overscan is measured, for the tasks that do.
struct OverscanParams {
  explicit OverscanParams(almagest::Configurable& owner) : owner_(owner) {}
  OverscanMethod of(Lines lines) const;

  template <class T>
  using Param = almagest::Param<T>;

 private:
  almagest::Configurable& owner_;

 public:
  Param<std::string> method =
      Param<std::string>{owner_, "method", "median_per_row",
                         "The level of a row: its median, its mean, or an Akima spline through "
                         "means of rows (of the parallel overscan, columns)"}
          .one_of({"median_per_row", "mean_per_row", "akima_spline"});
  Param<int> skip_leading =
      Param<int>{owner_, "skip_leading", 0,
                 "Overscan pixels left out beside the data, where charge is left behind [pixel]"}
          .within(0, 10000);
  Param<int> skip_trailing =
      Param<int>{owner_, "skip_trailing", 0, "Overscan pixels left out at the far end [pixel]"}
          .within(0, 10000);
  Param<int> bins =
      Param<int>{owner_, "bins", 30, "Of akima_spline: bins of equally many rows"}.within(5, 10000);
  Param<double> maximum_deviation =
      Param<double>{owner_, "maximum_deviation", 1000.0,
                    "Overscan pixels further than this from the overscan's median are left out "
                    "[adu]"}
          .within(0.0, 1e9);
  Param<bool> only_above{owner_, "only_above", false, "Of these only those above the median"};
  Param<double> sigmas =
      Param<double>{owner_, "sigmas", 3.0,
                    "So are those further from the median of their row, in sigmas of the row"}
          .within(0.0, 1e9);
};

/// Writes an overscan's levels into a header, and gives their means over the amplifiers.
struct OverscanSummary {
  double level = 0.0, drift = 0.0, noise = 0.0;  // [adu]
};
/// Cards are ISR_OSCAN_LEVELn and ISR_OSCAN_SIGMAn; ISR_POSCAN_… for the parallel overscan.
OverscanSummary record_overscan(std::vector<OverscanLevels> const& found, Lines lines,
                                almagest::Header& metadata);

/// \throws DataError when no amplifier has levels, where some were asked for
void require_levels(std::vector<OverscanLevels> const& found, std::string const& direction);

/// Measures the level of each amplifier in its overscan, row by row or column by column, and
/// subtracts it.
class Overscan final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;

  Param<std::string> direction =
      Param<std::string>{*this, "direction", "serial",
                         "Which overscan: \"serial\" gives a level for each row, \"parallel\" one "
                         "for each column"}
          .one_of({"serial", "parallel"});
  OverscanParams how{*this};
  Param<int> grow_saturated =
      Param<int>{*this, "grow_saturated", -1,
                 "Rows with a saturated pixel (SAT) and so many on either side take their "
                 "neighbours' level; -1: they are as good as others [pixel]"}
          .within(-1, 10000);
  Param<int> grow_bad =
      Param<int>{*this, "grow_bad", 0,
                 "So do as many on either side of a row of which less than half is left [pixel]"}
          .within(0, 10000);
  Param<double> largest_jump =
      Param<double>{*this, "largest_jump", 0.0,
                    "A level further than this from the median of the five around it becomes that "
                    "median; 0: never [adu]"}
          .within(0.0, 1e9);

  almagest::In<almagest::RawExposure> input{*this, "raw"};
  almagest::Out<almagest::RawExposure> output{*this, "raw", "Without its overscan level"};

  almagest::Metric<double> level{*this, "level", "adu",
                                 "Mean over the amplifiers of the median level"};
  almagest::Metric<double> drift{*this, "drift", "adu",
                                 "Mean over the amplifiers of the level's standard deviation"};
  almagest::Metric<double> noise{*this, "noise", "adu",
                                 "Mean over the amplifiers of the noise in an overscan row"};
};

}  // namespace isr

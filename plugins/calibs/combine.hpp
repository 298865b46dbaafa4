#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

#include "flat_level_table.hpp"

namespace calibs {

/// Combines frames of one detector into a calibration, pixel by pixel, by clipped means, some rows
/// at a time (ISR document 4.3).
class Combine final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  struct Input {
    almagest::Gathered<almagest::Exposure> frame;
    almagest::VisitInfo visit;
    double scale;
  };
  std::vector<Input> inputs(std::vector<almagest::Gathered<almagest::Exposure>> const& members,
                            almagest::Exposure const& first, FlatLevelTable const* levels) const;
  double scale_of(almagest::Exposure const& frame, almagest::DataId const& id,
                  FlatLevelTable const* levels) const;
  std::string scales_text(FlatLevelTable const* levels) const;
  void combine_pixels(almagest::Exposure& combined, std::vector<Input> const& inputs,
                      almagest::Context& context) const;

  almagest::Param<std::string> scale =
      almagest::Param<std::string>{*this, "scale", "none",
                                   "What each frame is divided by first: nothing, its dark time "
                                   "(the result is per second), or its level"}
          .one_of({"none", "dark_time", "level"});
  almagest::Param<std::vector<std::string>> ignore{*this,
                                                   "ignore",
                                                   {"SAT", "DETECTED", "INTRP", "CR", "NO_DATA"},
                                                   "Mask planes whose pixels do not count"};
  almagest::Param<std::vector<std::string>> passing{
      *this,
      "passing",
      {},
      "Planes of `ignore` that do count where all frames have them, three at least: such a cosmic "
      "ray is a hot pixel"};
  almagest::Param<double> clip =
      almagest::Param<double>{*this, "clip", 3.0, "Values further off are left out [sigma]"}.within(
          1.0, 1000.0);
  almagest::Param<int> iterations =
      almagest::Param<int>{*this, "iterations", 3, "Passes of clipping"}.within(1, 100);
  almagest::Param<int> min_inputs =
      almagest::Param<int>{*this, "min_inputs", 1, "With fewer frames the task fails"}.within(
          1, 1000000);
  almagest::Param<int> memory =
      almagest::Param<int>{*this, "memory", 256,
                           "What the frames' rows may take at a time [MB]; the result does not "
                           "depend on it"}
          .within(1, 1000000);
  almagest::Param<double> validity_days =
      almagest::Param<double>{*this, "validity_days", 180.0,
                              "The calibration is valid so long before and after its date [d]"}
          .within(0.0, 100000.0);
  almagest::Param<std::string> calib_date =
      almagest::Param<std::string>{*this, "calib_date", "middle",
                                   "Its date: between the first and the last frame, or that of "
                                   "the first"}
          .one_of({"middle", "first"});

  almagest::GatherIn<almagest::Exposure> frames{*this, "exposure", "Frames of one detector"};
  almagest::MaybeIn<FlatLevelTable> flat_levels{
      *this, "flat_levels",
      "For scale = \"level\": the exposures' levels; without it each frame is divided by its own"};
  almagest::Out<almagest::Exposure> output{*this, "calib"};

  almagest::Metric<std::int64_t> input_count{*this, "inputs", "", "Frames combined"};
  almagest::Metric<double> median{*this, "median", "", "Median of the result"};
  almagest::Metric<std::int64_t> bad_pixels{*this, "bad_pixels", "pixel",
                                            "Pixels for which no frame has a value"};
};

}  // namespace calibs

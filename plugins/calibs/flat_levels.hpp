#pragma once

#include <cstdint>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

#include "flat_level_table.hpp"

namespace calibs {

/// From the levels of flats of all detectors and exposures finds how bright each exposure was,
/// whatever detector looks at it (ISR document 4.3). Reads the frames' headers only.
class FlatLevels final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<int> iterations =
      almagest::Param<int>{*this, "iterations", 10,
                           "Rounds of the fit; one is exact where no frame is missing"}
          .within(1, 100000);

  almagest::GatherIn<almagest::Exposure> frames{*this, "exposure",
                                                "Flats that `calibs/measure_level` has seen"};
  almagest::Out<FlatLevelTable> table{*this, "flat_levels"};

  almagest::Metric<std::int64_t> detector_count{*this, "detectors", "", ""};
  almagest::Metric<std::int64_t> exposure_count{*this, "exposures", "", ""};
  almagest::Metric<double> scatter{*this, "scatter", "",
                                   "rms of the levels about the fit, as a fraction"};
};

}  // namespace calibs

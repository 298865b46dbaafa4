#pragma once

#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

namespace isr {

/// Level, noise and evenness of a frame's sky.
class SkyStatistics final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<int> bin_size =
      almagest::Param<int>{*this, "bin_size", 256, "Size of a cell of the mesh [pixel]"}.within(
          8, 100000);
  almagest::Param<std::vector<std::string>> ignore{
      *this,
      "ignore",
      {"BAD", "SAT", "NO_DATA", "INTRP", "UNMASKEDNAN"},
      "Mask planes, as far as the mask has them, whose pixels are left out"};
  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::Out<almagest::Exposure> output{*this, "exposure",
                                           "With SKYLEVEL, SKYSIGMA, FLATNESS_*"};

  almagest::Metric<double> sky_level{*this, "sky_level", "count", "Median of the pixels"};
  almagest::Metric<double> sky_sigma{*this, "sky_sigma", "count", "Their clipped scatter"};
  almagest::Metric<double> flatness_pp{*this, "flatness_pp", "",
                                       "Range of the cells' means, relative to their median"};
  almagest::Metric<double> flatness_rms{*this, "flatness_rms", "",
                                        "Standard deviation of the same"};
};

}  // namespace isr

#pragma once

#include <string>
#include <vector>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

namespace calibs {

/// Measures the mean level of a flat and writes it into its header, where `calibs/flat_levels` and
/// `calibs/combine` find it without reading the pixels.
class MeasureLevel final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<std::vector<std::string>> ignore{
      *this,
      "ignore",
      {"BAD", "SAT", "INTRP", "CR", "DETECTED", "NO_DATA"},
      "Mask planes whose pixels do not count"};

  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "The same, with card CALLEVEL"};

  almagest::Metric<double> level{*this, "level", "", "Clipped mean [unit of the image]"};
};

}  // namespace calibs

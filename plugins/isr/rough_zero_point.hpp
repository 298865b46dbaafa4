#pragma once

#include <map>
#include <string>

#include "almagest/exposure.hpp"
#include "almagest/task.hpp"

namespace isr {

/// Sets a first photometric calibration from the filter alone.
class RoughZeroPoint final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<std::map<std::string, double>> flux_mag0 =
      almagest::Param<std::map<std::string, double>>{
          *this, "flux_mag0",
          "Counts per second of an object of AB magnitude 0, by physical filter or band; "
          "\"default\" is for all others [adu/s or electron/s]"}
          .within(1e-30, 1e30);
  almagest::In<almagest::Exposure> input{*this, "exposure"};
  almagest::Out<almagest::Exposure> output{*this, "exposure", "With a photometric calibration"};

  almagest::Metric<double> zero_point{*this, "zero_point", "mag", "AB magnitude of one count"};
};

}  // namespace isr

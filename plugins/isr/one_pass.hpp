#pragma once

#include "almagest/calibrations.hpp"
#include "almagest/exposure.hpp"
#include "almagest/raw_exposure.hpp"
#include "almagest/task.hpp"

#include "overscan.hpp"
#include "pixel_arithmetic.hpp"

namespace isr {

/// What saturation, serial overscan, gain, assemble, bias, variance, dark and flat do one after the
/// other, in one pass over the frame's memory; the results are the same to the last bit. For
/// cameras that have no step between them.
class OnePass final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::Param<bool> saturation{*this, "saturation", true, "Flag SAT and SUSPECT"};
  OverscanParams overscan{*this};
  almagest::Param<bool> gain{*this, "gain", true, "Multiply by the gains"};

  almagest::In<almagest::RawExposure> input{*this, "raw"};
  almagest::MaybeIn<almagest::Defects> defects{
      *this, "defects", "Where there are some: an amplifier wholly inside one is flagged BAD"};
  BiasStep bias{*this};
  VarianceStep variance{*this};
  DarkStep dark{*this};
  FlatStep flat{*this};
  almagest::Out<almagest::Exposure> output{*this, "exposure"};

  almagest::Metric<double> level{*this, "level", "adu",
                                 "Mean over the amplifiers of the median overscan level"};
  almagest::Metric<double> drift{*this, "drift", "adu",
                                 "Mean over the amplifiers of the level's standard deviation"};
  almagest::Metric<double> noise{*this, "noise", "adu",
                                 "Mean over the amplifiers of the noise in an overscan row"};
};

}  // namespace isr

#pragma once

#include "almagest/calibrations.hpp"
#include "almagest/raw_exposure.hpp"
#include "almagest/task.hpp"

namespace isr {

/// Whether all of an amplifier's data pixels are at its saturation level, or that from which they
/// are suspect: it tells nothing.
bool wholly_saturated(almagest::RawExposure const& raw, std::size_t channel);

/// Whether one of the boxes holds all of an amplifier.
bool wholly_inside(almagest::Amplifier const& amplifier, almagest::Defects const* defects);

/// Flags pixels at an amplifier's saturation level, and at the level from which its response is
/// suspect.
class Saturation final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::In<almagest::RawExposure> input{*this, "raw"};
  almagest::MaybeIn<almagest::Defects> defects{
      *this, "defects", "Where there are some: an amplifier wholly inside one is flagged BAD"};
  almagest::Out<almagest::RawExposure> output{*this, "raw", "With SAT and SUSPECT"};

  almagest::Metric<std::int64_t> saturated{*this, "saturated", "pixel",
                                           "Data pixels flagged saturated"};
};

}  // namespace isr

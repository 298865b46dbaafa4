#pragma once

#include "almagest/raw_exposure.hpp"
#include "almagest/task.hpp"

namespace isr {

/// Puts an amplifier's gain into its levels: what it describes is now in electrons.
/// \returns the gain, to multiply its pixels with; 0, and no change, when it is not above 0 and
/// finite
double apply_gain(almagest::Amplifier& amplifier);

/// Multiplies each amplifier by its gain, which makes electrons of its adu.
class Gain final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  almagest::In<almagest::RawExposure> input{*this, "raw"};
  almagest::Out<almagest::RawExposure> output{
      *this, "raw", "In electrons; its amplifiers have gain 1 and levels in electrons"};
};

/// What the gain is called in Amplifier::further once it has been applied [electron/adu].
inline constexpr char const* applied_gain = "applied_gain";

}  // namespace isr

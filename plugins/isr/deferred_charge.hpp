#pragma once

#include "almagest/amplifier_table.hpp"
#include "almagest/raw_exposure.hpp"
#include "almagest/task.hpp"

#include "deferred_charge_removal.hpp"

namespace isr {

/// Gives charge that was read late back to the pixels that it came from.
class DeferredChargeCorrection final : public almagest::Task {
 public:
  almagest::Outcome run(almagest::Context& context) const override;

 private:
  template <class T>
  using Param = almagest::Param<T>;
  /// \param measured  of all amplifiers, or null
  DeferredCharge parameters_of(almagest::Amplifier const& amplifier,
                               almagest::AmplifierTable const* measured) const;

  Param<double> cti =
      Param<double>{*this, "cti", 0.0,
                    "Fraction of a packet that a serial transfer leaves in traps; 0: no traps"}
          .within(0.0, 1e-3);
  Param<double> cti_release =
      Param<double>{*this, "cti_release", 1.0,
                    "Fraction of what the traps hold that the next packet takes along, not 0"}
          .within(0.0, 1.0);
  Param<double> drift_scale =
      Param<double>{*this, "drift_scale", 0.0,
                    "Fraction of a packet that the output remembers; 0: it forgets at once"}
          .within(0.0, 0.1);
  Param<double> drift_length =
      Param<double>{*this, "drift_length", 2.0,
                    "Length over which it forgets: after it, 1/e is left, not 0 [pixel]"}
          .within(0.0, 1e4);

  almagest::In<almagest::RawExposure> input{*this, "raw", "Overscan-subtracted"};
  almagest::MaybeIn<almagest::AmplifierTable> table{
      *this, "deferred_charge",
      "Numbers of these names, measured for each amplifier; they stand above the camera's and the "
      "parameters"};
  almagest::Out<almagest::RawExposure> output{*this, "raw", "The same with charge in its place"};

  almagest::Metric<double> overscan_before{
      *this, "first_overscan_pixel_before", "adu",
      "Median over the amplifiers of the first serial overscan column's mean over the one farthest "
      "from the data, before the correction"};
  almagest::Metric<double> overscan_after{*this, "first_overscan_pixel_after", "adu",
                                          "The same after it"};
};

}  // namespace isr

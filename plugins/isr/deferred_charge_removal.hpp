#pragma once

#include "almagest/amplifier.hpp"
#include "almagest/image.hpp"

namespace isr {

/// How an amplifier defers charge to pixels that it reads later (ISR document 4.2). Columns are
/// counted in the order of read-out; N is the number of transfers of a column, which is its
/// distance from the raw image's edge plus 1.
///
/// A transfer leaves the fraction `cti` of a packet in traps, so that N transfers capture
/// C = cti·N·I of it. Of what the traps hold, each packet that comes by later takes the fraction
/// `cti_release` along: all of it, when that is 1. The output then remembers packets:
/// for the j-th one before, drift_scale·I·exp(−j/drift_length) stays; the largest of these is read
/// with the pixel.
struct DeferredCharge {
  double cti = 0.0;           ///< per transfer
  double cti_release = 1.0;   ///< fraction per packet
  double drift_scale = 0.0;   ///< fraction
  double drift_length = 2.0;  ///< [pixel]

  bool nothing() const noexcept { return cti == 0.0 && drift_scale == 0.0; }
  /// \throws DataError naming the amplifier and the first number that is out of its range
  void require_valid(std::string const& amplifier) const;
};

/// Gives deferred charge back to where it came from, in rows begin … end − 1 of an amplifier's
/// data section. The serial overscan behind the data is freed of what the data left in it; its own
/// level does not matter.
///
/// Both terms are undone to first order of `cti`·N and `drift_scale`; packets further back than
/// 6 (traps) and 14 (output) are not looked at, and what the traps hold longer is given back as if
/// released within these 6.
///
/// \param raw  overscan-subtracted, the whole image of the amplifier; NaN pixels defer nothing
void remove_deferred_charge(almagest::Image<float>& raw, almagest::Amplifier const& amplifier,
                            DeferredCharge const& parameters, int begin, int end);

}  // namespace isr

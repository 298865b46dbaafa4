#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "almagest/calibrations.hpp"
#include "almagest/image.hpp"
#include "effects.hpp"
#include "inverse_linearity.hpp"
#include "raw_layout.hpp"

namespace simulate {

/// How a camera's electronics are.
struct Electronics {
  Effects effects;
  /// How an amplifier reads charge late.
  struct Deferred {
    double cti = 0.0;           ///< fraction of a packet that a serial transfer leaves in traps
    double release = 1.0;       ///< fraction of what traps hold that the next packet takes along
    double memory = 0.0;        ///< fraction of a packet that the output node remembers …
    double memory_decay = 2.0;  ///< … and the pixels after which 1/e of that is left
  };
  std::vector<Deferred> deferred;  ///< by amplifier
  std::vector<double> read_noise;  ///< by amplifier [electron]
  std::vector<double> bias;        ///< by amplifier [adu]
  /// Of the signal above the frame's median; amplifiers in the detector's order.
  almagest::Crosstalk crosstalk;
  bool crosstalk_in_electrons = false;  ///< else in adu
  /// Signals mix before the amplifiers bend them (HSC), or after (LSST).
  bool crosstalk_first = true;
  double largest = 65535.0;  ///< number that the converter gives
};

/// Reads a CCD: from electrons in pixels to numbers in the file.
class Readout {
 public:
  /// \param stream  of the detector: its fixed pattern
  Readout(std::vector<Channel> channels, Electronics electronics, std::uint64_t stream);

  /// \param electrons  of the assembled frame
  /// \param stream     of the exposure: noise and drifts
  /// \returns a channel's raw image each
  std::vector<almagest::Image<std::int32_t>> read(almagest::Image<float> const& electrons,
                                                  std::uint64_t stream) const;

  std::vector<Channel> const& channels() const noexcept { return channels_; }

 private:
  almagest::Image<float> collect(almagest::Image<float> const& electrons, std::size_t k) const;
  void leave_behind(almagest::Image<float>& signal, std::size_t k) const;
  void remember(almagest::Image<float>& signal, std::size_t k) const;
  void scale(std::vector<almagest::Image<float>>& signals, bool to_electrons) const;
  void mix(std::vector<almagest::Image<float>>& signals) const;
  void bend(almagest::Image<float>& signal, std::size_t k) const;
  almagest::Image<std::int32_t> digitise(almagest::Image<float> const& signal, std::size_t k,
                                         std::uint64_t stream) const;

  std::vector<Channel> channels_;
  Electronics electronics_;
  std::vector<InverseLinearity> linearity_;  ///< by amplifier
  std::vector<std::vector<float>> columns_;  ///< fixed pattern, by amplifier and raw column
};

}  // namespace simulate

#pragma once

#include <vector>

#include "almagest/amplifier.hpp"

namespace simulate {

/// What an amplifier shows of a true signal: the numerical inverse of the camera's correction.
class InverseLinearity {
 public:
  /// \param largest  signals above it [adu] are shown as the curve's last slope goes on
  InverseLinearity(almagest::Linearity const& linearity, double largest);

  /// False: it shows the signal as it is.
  bool active() const noexcept { return !true_of_shown_.empty(); }
  /// \param signal  true, without bias [adu]
  double shown(double signal) const noexcept;
  /// The other way round: the camera's correction of what is shown.
  double true_signal(double shown) const noexcept;

 private:
  std::vector<double> true_of_shown_;  ///< at 0, 1, 2 … adu shown; rising
  std::vector<double> shown_of_true_;  ///< at multiples of step_
  double step_ = 4.0;
};

}  // namespace simulate

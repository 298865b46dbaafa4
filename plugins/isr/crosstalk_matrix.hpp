#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "almagest/calibrations.hpp"
#include "almagest/detector.hpp"

namespace isr {

/// Crosstalk between a detector's amplifiers, in their order.
struct CrosstalkMatrix {
  std::size_t amplifiers = 0;
  std::vector<float> linear;     ///< [source · amplifiers + target]
  std::vector<float> quadratic;  ///< the same, or empty

  float linear_of(std::size_t source, std::size_t target) const noexcept {
    return linear[source * amplifiers + target];
  }
  /// An amplifier whose signal is not known shows in no other.
  void silence(std::size_t source) noexcept {
    auto const first = static_cast<std::ptrdiff_t>(source * amplifiers);
    std::fill_n(linear.begin() + first, amplifiers, 0.0F);
    if (!quadratic.empty()) std::fill_n(quadratic.begin() + first, amplifiers, 0.0F);
  }
  float quadratic_of(std::size_t source, std::size_t target) const noexcept {
    return quadratic.empty() ? 0.0F : quadratic[source * amplifiers + target];
  }
};

/// \throws DataError when the sizes do not fit the detector, an amplifier is missing, or a
///         coefficient is not finite
CrosstalkMatrix crosstalk_matrix(almagest::Crosstalk const& crosstalk,
                                 almagest::Detector const& detector);

}  // namespace isr

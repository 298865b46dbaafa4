#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "almagest/geometry.hpp"
#include "almagest/image.hpp"

namespace isr {

/// Centres of `count` places, spread at random over a frame, at least `margin` pixels from its
/// edge. The same seed gives the same places. Array indices.
std::vector<almagest::Pixel> fringe_positions(int width, int height, int margin, std::size_t count,
                                              std::uint64_t seed);

/// A frame to which so much of another is added.
struct Mixture {
  almagest::Image<float> const* frame = nullptr;
  almagest::Image<float> const* added = nullptr;  ///< may be nullptr
  float factor = 0.0F;
};

/// The boxes whose medians are compared (ISR document 4.1, step 14).
struct FringeBoxes {
  int small = 6;   ///< side [pixel]
  int large = 60;  ///< side [pixel]; of so many pixels every third or so tells enough
};

/// How much the middle of a place stands out of its surroundings: median of a small box minus
/// median of a large one around the same centre, which must lie inside the frame.
///
/// \param unusable  of each pixel: not 0 where it does not count, NaN pixels included
/// \returns none when less than half of a box counts
std::optional<float> fringe_amplitude(Mixture const& mixture,
                                      almagest::Image<std::uint8_t> const& unusable,
                                      almagest::Pixel centre, FringeBoxes const& boxes);

struct FringeAmplitude {
  float science = 0.0F;
  float fringe = 0.0F;
};
/// science = scale·fringe + constant by least squares, clipped.
struct FringeScale {
  double scale = 0.0;
  double error = 0.0;    ///< of the scale, from the scatter of what was kept
  double scatter = 0.0;  ///< of the science amplitudes about the line: 0.7413·(q75 − q25)
  std::size_t count = 0;
};

/// Rejects beyond `sigmas` scatters from the residuals' median until nothing changes, or
/// `max_iterations` times. \returns none when fewer than 3 amplitudes are left, or the fringe's are
/// all the same
std::optional<FringeScale> fit_fringe_scale(std::span<FringeAmplitude const> amplitudes,
                                            double sigmas, int max_iterations);

}  // namespace isr

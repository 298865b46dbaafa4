#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "almagest/detector.hpp"
#include "almagest/image.hpp"

namespace isr {

/// Where two amplifiers touch in the assembled frame.
struct Interface {
  std::size_t first = 0;   ///< the amplifier at the left, or below
  std::size_t second = 0;  ///< the one at the right, or above
  bool side_by_side = true;
  almagest::Box first_strip;  ///< pixels near the interface on either side, of one size
  almagest::Box second_strip;
  int length() const noexcept { return side_by_side ? first_strip.height : first_strip.width; }
};

/// All interfaces of a detector.
///
/// \param width  of the strips, less where an amplifier is narrower; \param inset  pixels between a
///               strip and the interface
std::vector<Interface> find_interfaces(almagest::Detector const& detector, int width, int inset);

/// How much higher the second amplifier is than the first (ISR document 4.1, step 19): differences
/// of the strips' means, line by line across the interface, smoothed along it, and their clipped
/// mean.
///
/// \param pixels   without background and sources; NaN where a pixel is not to be used
/// \param window   of the smoothing, fraction of the interface's length
/// \param min_good fraction of the lines that need half of their pixels on either side
/// \returns none when fewer lines are good
std::optional<double> interface_step(almagest::Image<float> const& pixels,
                                     Interface const& interface, double window, double min_good);

struct InterfaceStep {
  Interface interface;
  double step = 0.0;
};
/// The level of each amplifier that explains the steps best, weighted by the interfaces' lengths.
/// Amplifiers that hang together have mean 0; one without any step has 0.
std::vector<double> pedestals(std::size_t amplifiers, std::span<InterfaceStep const> steps);

}  // namespace isr

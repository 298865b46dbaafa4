#pragma once

#include <vector>

#include "almagest/detector.hpp"

namespace simulate {

/// One amplifier with the size of its raw image; its sections are all known.
struct Channel {
  almagest::Amplifier amplifier;
  int width = 0;
  int height = 0;
};

/// The channels of a detector, in its amplifiers' order.
///
/// Cameras that read the sections from header cards declare none: these get data from the first
/// pixel on, and 50 columns of overscan. An overscan that is declared up to the image's edge comes
/// as one line of pixels; it is made as wide as `width` or `height` say, or 50 pixels.
///
/// \param width, height  of a raw image, where the declared sections leave it open; 0 = not known
/// \throws ConfigError naming the detector when it has no amplifier, or when sections do not fit
std::vector<Channel> channels_of(almagest::Detector const& detector, int width = 0, int height = 0);

}  // namespace simulate

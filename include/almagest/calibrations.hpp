#pragma once

#include <map>
#include <string>
#include <vector>

#include "almagest/amplifier.hpp"
#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/product.hpp"

/// Calibrations that are no images; bias, dark, flat and fringe frames are Exposures.
namespace almagest {

/// Rectangles of bad pixels, in the assembled frame. They may overlap and leave the frame.
struct Defects {
  std::vector<Box> boxes;
};
template <>
struct ProductTraits<Defects> {
  static constexpr std::string_view id = "almagest.Defects/1";
};

/// How the signal of each amplifier shows in the others: to the target are added, for each source,
/// linear(source, target)·s + quadratic(source, target)·s², s = source − background; source and
/// target pixels are those at the same distance from their read corners.
struct Crosstalk {
  std::vector<std::string> amplifiers;  ///< rows and columns; empty: the detector's order
  Image<double> linear;                 ///< (x, y) = (target, source)
  Image<double> quadratic;              ///< the same, or empty [1/adu or 1/electron]
};
template <>
struct ProductTraits<Crosstalk> {
  static constexpr std::string_view id = "almagest.Crosstalk/1";
};

/// Linearity measured for each amplifier, which stands above what camera.toml says.
struct LinearityTable {
  std::map<std::string, Linearity> amplifiers;
};
template <>
struct ProductTraits<LinearityTable> {
  static constexpr std::string_view id = "almagest.LinearityTable/1";
};

/// Brighter-fatter kernel [1/electron], square and odd, centred; what it does stands in the ISR
/// document 4.1, step 10.
struct BrighterFatterKernel {
  Image<double> kernel;
};
template <>
struct ProductTraits<BrighterFatterKernel> {
  static constexpr std::string_view id = "almagest.BrighterFatterKernel/1";
};

}  // namespace almagest

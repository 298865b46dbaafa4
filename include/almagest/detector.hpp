#pragma once

#include <string>

#include "almagest/geometry.hpp"

namespace almagest {

/// One CCD of a camera. Amplifiers and geometry come with the raw-frame instruments.
struct Detector {
  std::string name;
  int id = 0;
  Box box;  ///< data pixels of an assembled frame
  bool operator==(Detector const&) const = default;
};

}  // namespace almagest

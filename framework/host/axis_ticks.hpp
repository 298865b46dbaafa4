#pragma once

#include <string>
#include <vector>

#include "host/figure.hpp"

namespace almagest {

struct Tick {
  double value = 0.0;
  std::string label;  ///< empty: a minor one
};

/// The ticks of an axis at round numbers, and what its label must add to them.
struct Ticks {
  std::vector<Tick> ticks;
  std::string factor;  ///< " (×10⁻⁷)" where the labels are multiples of it
};
Ticks ticks_of(Axis const& axis);

}  // namespace almagest

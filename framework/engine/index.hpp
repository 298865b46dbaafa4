#pragma once

#include <cstddef>

namespace almagest {

/// Steps, versions and outputs are numbered by `int`, with −1 for none; containers want a size.
constexpr std::size_t at(int index) noexcept {
  return static_cast<std::size_t>(index);
}

}  // namespace almagest

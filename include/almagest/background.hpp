#pragma once

#include <vector>

#include "almagest/chebyshev.hpp"
#include "almagest/product.hpp"

namespace almagest {

/// The sky that has been subtracted from an exposure: the sum of its models, in the order of
/// subtraction.
struct Background {
  std::vector<Chebyshev2> models;  ///< counts [adu]

  double operator()(Point p) const noexcept {
    double sum = 0.0;
    for (Chebyshev2 const& model : models) sum += model(p);
    return sum;
  }
};

template <>
struct ProductTraits<Background> {
  static constexpr std::string_view id = "almagest.Background/1";
};

}  // namespace almagest

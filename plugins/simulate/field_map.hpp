#pragma once

#include <functional>
#include <span>
#include <vector>

#include "almagest/geometry.hpp"

namespace simulate {

/// A smooth function of the position, known on a grid of 64 pixels and interpolated between.
class FieldMap {
 public:
  FieldMap(almagest::Box const& box, std::function<double(almagest::Point)> const& value);

  double at(almagest::Point pixel) const noexcept;
  /// The values along a row of the box.
  void row(int y, std::span<float> out) const noexcept;

 private:
  double node(int i, int j) const noexcept {
    return values_[static_cast<std::size_t>(j) * static_cast<std::size_t>(columns_) +
                   static_cast<std::size_t>(i)];
  }
  almagest::Box box_;
  int columns_ = 0;
  int rows_ = 0;
  std::vector<double> values_;
};

}  // namespace simulate

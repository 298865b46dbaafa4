#include "field_map.hpp"

#include <algorithm>
#include <cmath>

namespace simulate {

using namespace almagest;

namespace {
constexpr int step = 64;
}

FieldMap::FieldMap(Box const& box, std::function<double(Point)> const& value)
    : box_(box), columns_(box.width / step + 2), rows_(box.height / step + 2) {
  for (int j = 0; j < rows_; ++j)
    for (int i = 0; i < columns_; ++i)
      values_.push_back(value({double(box.x0 + i * step), double(box.y0 + j * step)}));
}

double FieldMap::at(Point pixel) const noexcept {
  double const u = std::clamp((pixel.x - box_.x0) / step, 0.0, columns_ - 1.0);
  double const v = std::clamp((pixel.y - box_.y0) / step, 0.0, rows_ - 1.0);
  int const i = std::min(static_cast<int>(u), columns_ - 2);
  int const j = std::min(static_cast<int>(v), rows_ - 2);
  double const p = u - i;
  double const q = v - j;
  return (1 - q) * ((1 - p) * node(i, j) + p * node(i + 1, j)) +
         q * ((1 - p) * node(i, j + 1) + p * node(i + 1, j + 1));
}

void FieldMap::row(int y, std::span<float> out) const noexcept {
  for (int x = 0; x < box_.width; x += step) {
    double const left = at({double(box_.x0 + x), double(y)});
    double const right = at({double(box_.x0 + x + step), double(y)});
    int const end = std::min(x + step, box_.width);
    for (int k = x; k < end; ++k)
      out[static_cast<std::size_t>(k)] = static_cast<float>(left + (right - left) * (k - x) / step);
  }
}

}  // namespace simulate

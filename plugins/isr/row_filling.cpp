#include "row_filling.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace isr {
namespace {
using namespace almagest;

/// Pixels begin … end − 1 of a row, of which at least one neighbour is there and good.
void fill_run(std::span<float> row, std::size_t begin, std::size_t end) {
  float const left = begin > 0 ? row[begin - 1] : row[end];
  float const right = end < row.size() ? row[end] : left;
  float const slope = (right - left) / static_cast<float>(end - begin + 1);
  for (std::size_t x = begin; x < end; ++x)
    row[x] = left + slope * static_cast<float>(x - begin + 1);
}

/// \returns false when the row has no good pixel
template <class Good>
bool fill_row(std::span<float> row, Good const& good) {
  std::size_t x = 0;
  while (x < row.size()) {
    if (good(x)) {
      ++x;
      continue;
    }
    std::size_t end = x + 1;
    while (end < row.size() && !good(end)) ++end;
    if (x == 0 && end == row.size()) return false;
    fill_run(row, x, end);
    x = end;
  }
  return true;
}

}  // namespace

bool fill_along_rows(Image<float>& image, Mask const& mask, MaskPixel bad) {
  int const height = image.height();
  int first_good = height;
  std::vector<int> empty_rows;
  for (int y = 0; y < height; ++y) {
    std::span<float const> const before = std::as_const(image).row(y);
    std::span<MaskPixel const> const bits = mask.image().row(y);
    auto const good = [&](std::size_t x) {
      return (bits[x] & bad) == 0 && std::isfinite(before[x]);
    };
    bool all_good = true;
    for (std::size_t x = 0; x < before.size(); ++x) all_good &= good(x);
    if (all_good || fill_row(image.row(y), good))
      first_good = std::min(first_good, y);
    else
      empty_rows.push_back(y);
  }
  if (first_good == height) return false;
  for (int const y : empty_rows) {
    std::span<float const> const from =
        std::as_const(image).row(y > first_good ? y - 1 : first_good);
    std::copy(from.begin(), from.end(), image.row(y).begin());
  }
  return true;
}

}  // namespace isr

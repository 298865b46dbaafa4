#include "runs.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace detection {
namespace {
using almagest::Box;
using almagest::Pixel;
using almagest::Span;

// Most pixels are sky: whole blocks without any pixel of a run are passed over in one step.
constexpr std::size_t block = 16;

// Four pixels in one register of any x86-64; g++ 12 makes no vector instructions of its own at -O2.
using Quad = float __attribute__((vector_size(16)));
using IntQuad = std::int32_t __attribute__((vector_size(16)));

template <class Register, class T>
Register load(T const* from) noexcept {
  Register value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}
bool any(IntQuad condition) noexcept {
  return (condition[0] | condition[1] | condition[2] | condition[3]) != 0;
}

/// Appends the runs of one row. `inside(x)` tells a pixel, `any(x)` whether one of the `block`
/// pixels from x on may be inside.
template <class Inside, class Any>
void append_runs(std::size_t width, int x0, int y, Inside const& inside, Any const& any,
                 Runs& runs) {
  std::size_t x = 0;
  while (x < width) {
    if (x + block <= width && !any(x)) {
      x += block;
      continue;
    }
    std::size_t const stop = std::min(width, x + block);
    while (x < stop) {
      if (!inside(x)) {
        ++x;
        continue;
      }
      std::size_t const first = x;
      while (x < width && inside(x)) ++x;
      runs.push_back({y, x0 + static_cast<int>(first), x0 + static_cast<int>(x) - 1});
    }
  }
}

/// Labels that turn out to mean the same component.
class Aliases {
 public:
  Aliases() : parent_{0} {}  // label 0 is "none"
  int make() {
    parent_.push_back(static_cast<int>(parent_.size()));
    return parent_.back();
  }
  int root(int label) const {
    while (parent(label) != label) label = parent(label);
    return label;
  }
  void join(int alias, int target) {
    int const to = root(target);
    parent_[static_cast<std::size_t>(root(alias))] = to;
  }

 private:
  int parent(int label) const { return parent_[static_cast<std::size_t>(label)]; }
  std::vector<int> parent_;
};

}  // namespace

Runs runs_beyond(almagest::Image<float> const& image, double threshold, Polarity polarity) {
  Runs runs;
  float const sign = static_cast<float>(polarity);
  // A little below, in float: tells which blocks are worth the exact comparison.
  float const near =
      static_cast<float>(threshold) - std::abs(static_cast<float>(threshold)) * 1e-6F;
  Box const& box = image.bbox();
  for (int y = 0; y < box.height; ++y) {
    std::span<float const> const row = image.row(y);
    float const* const values = row.data();
    append_runs(
        row.size(), box.x0, box.y0 + y,
        [&](std::size_t x) { return double{values[x] * sign} >= threshold; },
        [&](std::size_t x) {
          IntQuad found{};
          for (std::size_t i = x; i < x + block; i += 4)
            found |= load<Quad>(values + i) * sign >= near;
          return any(found);
        },
        runs);
  }
  return runs;
}

Runs masked_runs(almagest::Mask const& mask, almagest::MaskPixel bits) {
  Runs runs;
  Box const& box = mask.bbox();
  for (int y = 0; y < box.height; ++y) {
    std::span<almagest::MaskPixel const> const row = mask.image().row(y);
    almagest::MaskPixel const* const values = row.data();
    append_runs(
        row.size(), box.x0, box.y0 + y, [&](std::size_t x) { return (values[x] & bits) != 0; },
        [&](std::size_t x) {
          IntQuad found{};
          for (std::size_t i = x; i < x + block; i += 4) found |= load<IntQuad>(values + i);
          return any(found & bits);
        },
        runs);
  }
  return runs;
}

Runs grown(std::span<Span const> runs, int n, Element element, Box const& clip) {
  Runs result;
  if (runs.empty() || clip.empty()) return result;

  int const first_row = std::max(clip.y0, runs.front().y - n);
  int const last_row = std::min(clip.y1(), runs.back().y + n);
  std::vector<Span> pieces;  // what the rows y − n … y + n put into row y
  std::size_t begin = 0;
  for (int y = first_row; y <= last_row; ++y) {
    while (begin < runs.size() && runs[begin].y < y - n) ++begin;
    pieces.clear();
    for (std::size_t i = begin; i < runs.size() && runs[i].y <= y + n; ++i) {
      int const reach = element == Element::square ? n : n - std::abs(runs[i].y - y);
      int const x0 = std::max(clip.x0, runs[i].x0 - reach);
      int const x1 = std::min(clip.x1(), runs[i].x1 + reach);
      if (x0 <= x1) pieces.push_back({y, x0, x1});
    }
    std::sort(pieces.begin(), pieces.end(),
              [](Span const& a, Span const& b) { return a.x0 < b.x0; });
    for (Span const& piece : pieces)
      if (!result.empty() && result.back().y == y && piece.x0 <= result.back().x1 + 1)
        result.back().x1 = std::max(result.back().x1, piece.x1);
      else
        result.push_back(piece);
  }
  return result;
}

Groups connected_groups(std::span<Span const> runs) {
  Groups groups;
  if (runs.empty()) return groups;

  int left = runs.front().x0, right = runs.front().x1;
  for (Span const& run : runs) {
    left = std::min(left, run.x0);
    right = std::max(right, run.x1);
  }
  // Labels of the row below and of this row, with one empty pixel at each end.
  std::size_t const width = static_cast<std::size_t>(right - left) + 3;
  std::vector<int> below(width, 0), here(width, 0);
  auto const index = [&](int x) { return static_cast<std::size_t>(x - left + 1); };
  auto const erase = [&](std::vector<int>& labels, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i)
      std::fill(labels.begin() + static_cast<std::ptrdiff_t>(index(runs[i].x0)),
                labels.begin() + static_cast<std::ptrdiff_t>(index(runs[i].x1)) + 1, 0);
  };

  Aliases aliases;
  std::vector<int> label_of_run(runs.size());
  std::size_t below_begin = 0, below_end = 0;
  for (std::size_t begin = 0; begin < runs.size();) {
    std::size_t end = begin;
    int const y = runs[begin].y;
    while (end < runs.size() && runs[end].y == y) ++end;
    if (below_end > below_begin && runs[below_begin].y != y - 1) {
      erase(below, below_begin, below_end);  // an empty row lies between
      below_begin = below_end;
    }
    for (std::size_t i = begin; i < end; ++i) {
      int label = 0;
      for (std::size_t x = index(runs[i].x0); x <= index(runs[i].x1); ++x) {
        if (label == 0) {
          label = below[x - 1] != 0 ? below[x - 1] : below[x] != 0 ? below[x] : below[x + 1];
          if (label == 0) label = aliases.make();
          label_of_run[i] = label;
        }
        int const lower_right = below[x + 1];
        if (lower_right != 0 && lower_right != label) {
          aliases.join(lower_right, label);
          label = lower_right;
        }
        here[x] = label;
      }
    }
    erase(below, below_begin, below_end);
    std::swap(below, here);
    below_begin = begin;
    below_end = end;
    begin = end;
  }

  for (int& label : label_of_run) label = aliases.root(label);
  std::vector<int> roots = label_of_run;
  std::sort(roots.begin(), roots.end());
  roots.erase(std::unique(roots.begin(), roots.end()), roots.end());
  groups.count = static_cast<int>(roots.size());
  groups.of_run.reserve(runs.size());
  for (int const label : label_of_run)
    groups.of_run.push_back(
        static_cast<int>(std::lower_bound(roots.begin(), roots.end(), label) - roots.begin()));
  return groups;
}

int find_run(std::span<Span const> runs, Pixel pixel) {
  auto const after = std::upper_bound(
      runs.begin(), runs.end(), pixel,
      [](Pixel p, Span const& run) { return p.y != run.y ? p.y < run.y : p.x < run.x0; });
  if (after == runs.begin()) return -1;
  Span const& run = *(after - 1);
  return run.y == pixel.y && pixel.x <= run.x1 ? static_cast<int>(after - runs.begin()) - 1 : -1;
}

}  // namespace detection

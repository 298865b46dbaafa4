#pragma once

#include <span>
#include <vector>

#include "almagest/footprint.hpp"
#include "almagest/geometry.hpp"
#include "almagest/image.hpp"
#include "almagest/mask.hpp"

/// Sets of pixels as runs: maximal pieces of rows, sorted by row, then column; parent frame.
namespace detection {

using Runs = std::vector<almagest::Span>;

/// Which side of the sky is searched: sources, or holes.
enum class Polarity { positive = 1, negative = -1 };

/// The pixels with value · polarity ≥ threshold; NaN is in no run.
Runs runs_beyond(almagest::Image<float> const& image, double threshold, Polarity polarity);

/// The pixels whose mask has any of `bits`.
Runs masked_runs(almagest::Mask const& mask, almagest::MaskPixel bits);

/// Shapes that runs grow by: all pixels with |dx| + |dy| ≤ n, or with |dx| ≤ n and |dy| ≤ n.
enum class Element { diamond, square };

/// The union of the shape placed on every pixel of the runs, inside `clip`.
Runs grown(std::span<almagest::Span const> runs, int n, Element element, almagest::Box const& clip);

/// Runs that belong together through 8-connected neighbours.
struct Groups {
  std::vector<int> of_run;  ///< group of each run, 0 … count − 1
  int count = 0;
};

/// Finds the 8-connected groups, numbered in the order that the stack's raster scan gives them
/// (science document section 3 "Row order", section 10 item 5).
///
/// Each pixel takes the label of its left, else lower-left, lower, lower-right neighbour, else a
/// new one. When the lower-right neighbour has another label, that label's root becomes an alias of
/// the present one's root, and the pixel goes on with the lower-right label. Groups are sorted by
/// root. The direction of the alias is what makes the order: a plain union-find sorts sources
/// otherwise.
Groups connected_groups(std::span<almagest::Span const> runs);

/// The index of the run that holds a pixel, or −1.
int find_run(std::span<almagest::Span const> runs, almagest::Pixel pixel);

}  // namespace detection

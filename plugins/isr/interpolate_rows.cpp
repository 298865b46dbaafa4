#include "interpolate_rows.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace isr {
namespace {
using namespace almagest;

constexpr int reach_from_one_side = 6;  // of a run that reaches the image's edge

template <class Value, class Flags>
struct RowOf {
  std::span<Value> image, variance;
  std::span<Flags> mask;
};
using Row = RowOf<float, MaskPixel>;

/// Bad pixels first … end − 1 of a row, and how many good ones are beside them.
struct Run {
  int first, end;
  RunSides sides;
};

template <class AnyRow>
bool is_bad(AnyRow const& row, int x, MaskPixel bad) noexcept {
  auto const i = static_cast<std::size_t>(x);
  return (row.mask[i] & bad) != 0 || !std::isfinite(row.image[i]) ||
         !std::isfinite(row.variance[i]);
}

std::vector<Run> find_runs(Row const& row, MaskPixel bad) {
  std::vector<Run> runs;
  int const width = static_cast<int>(row.image.size());
  for (int x = 0; x < width; ++x) {
    if (!is_bad(row, x, bad)) continue;
    int const first = x;
    while (x < width && is_bad(row, x, bad)) ++x;
    runs.push_back({first, x, {}});
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    int const before = i == 0 ? 0 : runs[i - 1].end;
    int const behind = i + 1 == runs.size() ? width : runs[i + 1].first;
    runs[i].sides = {std::min(2, runs[i].first - before), std::min(2, behind - runs[i].end)};
  }
  return runs;
}

/// Weights, or none for a pixel that takes the fallback.
NeighbourWeights const* weights_of(Run const& run, int x, KrigingTable const& table) noexcept {
  auto const [left, right] = run.sides;
  int const before = x - run.first, behind = run.end - 1 - x;
  if (left == 0 && right == 0) return nullptr;
  if (left == 0 && behind >= reach_from_one_side) return nullptr;
  if (right == 0 && before >= reach_from_one_side) return nullptr;
  return &table(before, behind, run.sides);
}

void fill_run(Row const& row, Run const& run, Fallback const& fallback, KrigingTable const& table) {
  std::array<int, 4> const neighbours{run.first - 1, run.first - 2, run.end, run.end + 1};
  std::array<double, 4> values{}, variances{};
  for (std::size_t k = 0; k < neighbours.size(); ++k) {
    int const given = k < 2 ? run.sides.left : run.sides.right;
    if (static_cast<int>(k % 2) >= given) continue;
    values[k] = row.image[static_cast<std::size_t>(neighbours[k])];
    variances[k] = row.variance[static_cast<std::size_t>(neighbours[k])];
  }
  for (int x = run.first; x < run.end; ++x) {
    auto const i = static_cast<std::size_t>(x);
    NeighbourWeights const* const weights = weights_of(run, x, table);
    if (!weights) {
      row.image[i] = fallback.image;
      row.variance[i] = fallback.variance;
      continue;
    }
    double value = 0.0, variance = 0.0;
    for (std::size_t k = 0; k < weights->size(); ++k) {
      double const w = (*weights)[k];
      value += w * values[k];
      variance += w * w * variances[k];
    }
    row.image[i] = static_cast<float>(value);
    row.variance[i] = static_cast<float>(variance);
  }
}

}  // namespace

bool needs_fallback(MaskedImage const& frame, MaskPixel bad) {
  int const width = frame.bbox().width, most = std::min(width, reach_from_one_side + 1);
  for (int y = 0; y < frame.bbox().height; ++y) {
    RowOf<float const, MaskPixel const> const row{frame.image.row(y), frame.variance.row(y),
                                                  frame.mask.image().row(y)};
    int left = 0, right = 0;
    while (left < most && is_bad(row, left, bad)) ++left;
    while (right < most && is_bad(row, width - 1 - right, bad)) ++right;
    if (left == most || right == most) return true;
  }
  return false;
}

std::int64_t interpolate_rows(MaskedImage& frame, MaskPixel bad, MaskPixel flag,
                              Fallback const& fallback, KrigingTable const& weights, int first,
                              int end) {
  std::int64_t count = 0;
  for (int y = first; y < end; ++y) {
    Row const row{frame.image.row(y), frame.variance.row(y), frame.mask.image().row(y)};
    for (Run const& run : find_runs(row, bad)) {
      fill_run(row, run, fallback, weights);
      for (int x = run.first; x < run.end; ++x) row.mask[static_cast<std::size_t>(x)] |= flag;
      count += run.end - run.first;
    }
  }
  return count;
}

}  // namespace isr
